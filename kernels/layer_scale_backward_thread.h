// What one thread of a device's grid does for a LayerScale's backward, on its part of the elements
// (kernels/layer_scale_backward_tiles.h). On the host it runs as well, for tests: a block is
// backward_thread() and keep_sums() for each thread, then add_lanes() for each.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_THREAD_H_
#define HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_THREAD_H_

#include <cstdint>

#include "kernels/hd.h"
#include "kernels/layer_scale_backward_tiles.h"
#include "kernels/layer_scale_thread.h"
#include "kernels/sample_pair_table.h"
#include "kernels/vector.h"

namespace hollow::kernels {

// grad_x may be grad_y or x, where every sample is paired with itself.
template <typename T>
struct BackwardOperands {
  T* grad_x;
  const T* grad_y;
  const T* x;

  HOLLOW_HD BackwardOperands of_pair(const SamplePairTable& pairs, uint32_t i,
                                     int64_t numel) const {
    const int64_t at_x = pairs.x[i] * numel;
    return {grad_x + at_x, grad_y + pairs.y[i] * numel, x + at_x};
  }

  HOLLOW_HD BackwardOperands from(int64_t at) const { return {grad_x + at, grad_y + at, x + at}; }
};

// Adds to sum[j] the products of what lies j after `at`, and stores its share of grad_x.
template <int kBytes, Caching kCaching, typename T>
HOLLOW_HD inline void backward_vector(T* grad_x, const Vector<T, kBytes>& grad_y,
                                      const Vector<T, kBytes>& x,
                                      const float (&factor)[Vector<T, kBytes>::kCount],
                                      float (&sum)[Vector<T, kBytes>::kCount]) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  float grad[kCount];
  float value[kCount];
  widen(grad_y, grad);
  widen(x, value);
  HOLLOW_UNROLL
  for (int j = 0; j < kCount; ++j) {
    sum[j] = fma_rn(grad[j], value[j], sum[j]);
    grad[j] = grad[j] * factor[j];
  }
  store_vector<kCaching>(grad_x, narrow<T, kBytes>(grad));
}

// Takes `wholes` vectors, each a step from the last, kSteps in a turn while there are so many. All
// reads of a turn come before its first write, which may go to the same place.
template <int kSteps, int kBytes, Caching kCaching, typename T>
HOLLOW_HD inline void backward_turns(BackwardOperands<T>& t, int64_t step, int& wholes,
                                     const float (&factor)[Vector<T, kBytes>::kCount],
                                     float (&sum)[Vector<T, kBytes>::kCount]) {
  HOLLOW_NO_UNROLL
  for (; wholes >= kSteps; wholes -= kSteps) {
    Vector<T, kBytes> grad_y[kSteps];
    Vector<T, kBytes> x[kSteps];
    HOLLOW_UNROLL
    for (int k = 0; k < kSteps; ++k) {
      grad_y[k] = load_vector<kBytes, kCaching>(t.grad_y + k * step);
      x[k] = load_vector<kBytes, kCaching>(t.x + k * step);
    }
    HOLLOW_UNROLL
    for (int k = 0; k < kSteps; ++k) {
      backward_vector<kBytes, kCaching>(t.grad_x + k * step, grad_y[k], x[k], factor, sum);
    }
    t = t.from(kSteps * step);
  }
}

// Requires that the operands are aligned to kBytes, and that sum is 0.
template <int kBytes, Caching kCaching, typename T>
HOLLOW_HD inline void backward_thread(const BackwardOperands<T>& all,
                                      const ScaleFactors<T>& factors, const BackwardTiles& tiles,
                                      const SamplePairTable& pairs, uint32_t block, uint32_t part,
                                      uint32_t pair_group, uint32_t thread,
                                      float (&sum)[Vector<T, kBytes>::kCount]) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  const int64_t place = tiles.place(block, thread);
  if (place >= tiles.width) return;
  const int64_t first = tiles.first(part, thread, place);
  float factor[kCount];
  factors.template load<kBytes>(tiles.channel(place), factor);

  const uint32_t first_pair = pair_group * tiles.pairs_a_group;
  for (uint32_t i = 0; i < tiles.pairs_a_group && first_pair + i < pairs.count; ++i) {
    BackwardOperands<T> t = all.of_pair(pairs, first_pair + i, tiles.numel).from(first);
    int wholes = tiles.wholes(part, thread, place);
    const int64_t left = tiles.end(part) - first - wholes * tiles.step();
    backward_turns<BackwardTiles::steps_of(kBytes), kBytes, kCaching>(t, tiles.step(), wholes,
                                                                      factor, sum);
    backward_turns<1, kBytes, kCaching>(t, tiles.step(), wholes, factor, sum);
    // The one vector that the end of the sample cuts short: its thread's last.
    if (left <= 0) continue;
    HOLLOW_UNROLL
    for (int j = 0; j < kCount; ++j) {
      constexpr int kOne = sizeof(T);
      if (j >= left) continue;
      const float one_factor[1] = {factor[j]};
      float one_sum[1] = {sum[j]};
      backward_vector<kOne, Caching::kKept>(
          t.grad_x + j, load_vector<kOne, Caching::kKept>(t.grad_y + j),
          load_vector<kOne, Caching::kKept>(t.x + j), one_factor, one_sum);
      sum[j] = one_sum[0];
    }
  }
}

// A block's sums, of all its threads: neighbours' next to each other.
template <int kCount>
struct LaneSums {
  float sum[BackwardTiles::kLanes][kCount][BackwardTiles::kPlaces];

  HOLLOW_HD void keep(uint32_t thread, const float (&of_thread)[kCount]) {
    HOLLOW_UNROLL
    for (int j = 0; j < kCount; ++j) {
      sum[thread / BackwardTiles::kPlaces][j][thread % BackwardTiles::kPlaces] = of_thread[j];
    }
  }

  // This thread's share of the block's part of a group's row of `partial`.
  HOLLOW_HD void add_lanes(float* row, const BackwardTiles& tiles, uint32_t block,
                           uint32_t thread) const {
    constexpr uint32_t kElements = kCount * BackwardTiles::kPlaces;
    for (uint32_t i = thread; i < kElements; i += BackwardTiles::kThreads) {
      const int64_t at = int64_t{block} * kElements + i;
      if (at >= tiles.width) continue;
      float total = 0;
      HOLLOW_UNROLL
      for (uint32_t lane = 0; lane < BackwardTiles::kLanes; ++lane) {
        total = total + sum[lane][i % kCount][i / kCount];
      }
      row[at] = total;
    }
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_THREAD_H_
