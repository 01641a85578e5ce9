// Which elements of a LayerScale (kernels/layer_scale.h) belong to which thread of a device's grid.
//
//   const ScaleTiles tiles(numel, dim, /*bytes=*/16, /*count=*/4, /*samples=*/1);
//   for each stripe in [0, tiles.stripes), block in [0, tiles.blocks), thread in [0, kThreads):
//     const int64_t place = tiles.place(block, thread);
//     for (int i = 0; i < tiles.steps; ++i) ...  // `count` elements from
//                                                // tiles.first(stripe, place) + i * tiles.step
//
// A sample is taken as one flat array of vectors, `count` elements each, whatever its rows are. The
// stride is a number of vectors that hold a whole number of rows, so vectors that are a stride
// apart meet the same channels. A thread has a place in the stride, and the vectors of that place
// in `steps` strides on end, which are a stripe: one set of factors, and as many accesses that do
// not wait for each other. Neighbours in a warp have neighbouring vectors, and no thread idles but
// at a stride's end: for any dim, be it 1, or 385, or less than a vector. The last vector of a
// sample may be cut short.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_TILES_H_
#define HOLLOW_KERNELS_LAYER_SCALE_TILES_H_

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/hd.h"

namespace hollow::kernels {

inline constexpr int kLineBytes = 128;

inline int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Vectors of `count` elements to the first one that begins with a row again.
inline int64_t period_in_vectors(int64_t dim, int64_t count) { return dim / std::gcd(dim, count); }

struct ScaleTiles {
  static constexpr uint32_t kThreads = 256;

  // Accesses a thread has in flight for each operand. At full occupancy 2048 threads share an SM,
  // which wants 32 KiB (H100) or 48 KiB (H200) on their way.
  HOLLOW_HD static constexpr int steps_of(int bytes) { return bytes >= 8 ? 4 : 6; }

  // Requires numel > 0, a multiple of dim. Each of `samples` is cut up like this.
  ScaleTiles(int64_t sample_numel, int64_t row, int bytes, int elements, int64_t samples)
      : numel(sample_numel), dim(row), count(elements), steps(steps_of(bytes)) {
    const int64_t vectors = divide_up(numel, count);
    const int64_t period = period_in_vectors(dim, count);
    int64_t stride = divide_up(vectors, period) * period;
    if (vectors * samples > kFew) {
      // Whole cache lines apart, where that does not take too many rows.
      const int64_t lines = std::lcm(period, int64_t{kLineBytes} / bytes);
      const int64_t unit = lines <= kMostUnit && lines * steps <= vectors ? lines : period;
      const int64_t wanted = std::min(divide_up(vectors, steps * kStride), kMostStripes);
      stride = divide_up(divide_up(vectors, wanted * steps), unit) * unit;
    }
    step = stride * count;
    blocks = static_cast<uint32_t>(divide_up(stride, kThreads));
    stripes = static_cast<uint32_t>(divide_up(vectors, stride * steps));
  }

  // In the stride, in elements; those from `step` on have no work.
  HOLLOW_HD int64_t place(uint32_t block, uint32_t thread) const {
    return (int64_t{block} * kThreads + thread) * count;
  }

  // Its first element in the sample, perhaps beyond the end.
  HOLLOW_HD int64_t first(uint32_t stripe, int64_t place_in_stride) const {
    return stripe * (step * steps) + place_in_stride;
  }

  HOLLOW_HD int64_t channel(int64_t place_in_stride) const {
    if (step <= int64_t{UINT32_MAX}) {
      return static_cast<uint32_t>(place_in_stride) % static_cast<uint32_t>(dim);
    }
    // Then a stride is one period, at most `count` rows.
    while (place_in_stride >= dim) place_in_stride -= dim;
    return place_in_stride;
  }

  int64_t numel;
  int64_t dim;
  int count;  // elements a vector
  int steps;
  int64_t step;      // elements a stride
  uint32_t blocks;   // a stripe
  uint32_t stripes;  // a sample

 private:
  // Up to so many vectors (2 MiB, of 16 bytes) every thread has one: two blocks of 256 on each of
  // an H100's SMs, so that a small tensor is done as soon as it can be.
  static constexpr int64_t kFew = 1 << 17;
  // Wide enough that the idle threads at its end, fewer than 256, are some percent at most; and no
  // wider, so that what is read together lies together.
  static constexpr int64_t kStride = 1 << 13;
  static constexpr int64_t kMostUnit = 1 << 16;
  static constexpr int64_t kMostStripes = 65535;  // of a grid's second dimension
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_TILES_H_
