// What one thread of a device's grid does for a LayerScale, on its part of the elements
// (kernels/layer_scale_tiles.h). On the host it runs as well, one thread after the other, for
// tests.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_THREAD_H_
#define HOLLOW_KERNELS_LAYER_SCALE_THREAD_H_

#include <cstdint>

#include "kernels/hd.h"
#include "kernels/layer_scale_tiles.h"
#include "kernels/vector.h"

namespace hollow::kernels {

// alpha * gamma, by channel.
template <typename T>
struct ScaleFactors {
  // For vectors of so many bytes.
  ScaleFactors(const T* of_channels, float factor, int64_t row, int bytes)
      : gamma(of_channels),
        alpha(factor),
        in_vectors(row * int64_t{sizeof(T)} % bytes == 0 &&
                   reinterpret_cast<uintptr_t>(of_channels) % static_cast<unsigned>(bytes) == 0),
        dim(row) {}

  HOLLOW_HD float at(int64_t channel) const {
    float value[1];
    widen(load_vector<sizeof(T), Caching::kKept>(gamma + channel), value);
    return alpha * value[0];
  }

  // Those of a vector that begins in this channel; row follows on row.
  template <int kBytes>
  HOLLOW_HD void load(int64_t channel, float (&factor)[Vector<T, kBytes>::kCount]) const {
    constexpr int kCount = Vector<T, kBytes>::kCount;
    if (in_vectors) {
      widen(load_vector<kBytes, Caching::kKept>(gamma + channel), factor);
      HOLLOW_UNROLL
      for (int i = 0; i < kCount; ++i) factor[i] = alpha * factor[i];
      return;
    }
    HOLLOW_UNROLL
    for (int i = 0; i < kCount; ++i) {
      factor[i] = at(channel);
      channel = channel + 1 == dim ? 0 : channel + 1;
    }
  }

  const T* gamma;
  float alpha;
  bool in_vectors;  // gamma is aligned to a vector, and dim a multiple of one
  int64_t dim;
};

// Of one pair of samples. y may be x, or the residual.
template <typename T>
struct ScaleOperands {
  T* y;
  const T* residual;
  const T* x;
};

// residual + factor * x, or without the residual.
template <bool kAdds, int kBytes, typename T>
HOLLOW_HD inline Vector<T, kBytes> scaled(const Vector<T, kBytes>& x,
                                          const Vector<T, kBytes>& residual,
                                          const float (&factor)[Vector<T, kBytes>::kCount]) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  float value[kCount];
  float sum[kCount];
  widen(x, value);
  if constexpr (kAdds) widen(residual, sum);
  HOLLOW_UNROLL
  for (int i = 0; i < kCount; ++i) {
    value[i] = kAdds ? fma_rn(value[i], factor[i], sum[i]) : value[i] * factor[i];
  }
  return narrow<T, kBytes>(value);
}

// Requires that y, residual and x are aligned to kBytes.
template <bool kAdds, int kBytes, Caching kCaching, typename T>
HOLLOW_HD inline void scale_thread(const ScaleOperands<T>& t, const ScaleFactors<T>& factors,
                                   const ScaleTiles& tiles, uint32_t stripe, uint32_t block,
                                   uint32_t thread) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  constexpr int kSteps = ScaleTiles::steps_of(kBytes);
  const int64_t place = tiles.place(block, thread);
  const int64_t first = tiles.first(stripe, place);
  if (place >= tiles.step || first >= tiles.numel) return;

  // All of a thread's reads come before its first write, which the compiler could not move them
  // over: y may be x.
  Vector<T, kBytes> x[kSteps];
  Vector<T, kBytes> residual[kSteps];
  HOLLOW_UNROLL
  for (int i = 0; i < kSteps; ++i) {
    const int64_t at = first + i * tiles.step;
    if (at + kCount > tiles.numel) continue;
    x[i] = load_vector<kBytes, kCaching>(t.x + at);
    if constexpr (kAdds) residual[i] = load_vector<kBytes, kCaching>(t.residual + at);
  }
  // A division, while the reads are on their way.
  const int64_t first_channel = tiles.channel(place);
  float factor[kCount];
  factors.template load<kBytes>(first_channel, factor);

  int64_t rest = tiles.numel;
  HOLLOW_UNROLL
  for (int i = 0; i < kSteps; ++i) {
    const int64_t at = first + i * tiles.step;
    if (at + kCount <= tiles.numel) {
      store_vector<kCaching>(t.y + at, scaled<kAdds>(x[i], residual[i], factor));
    } else if (at < tiles.numel) {
      rest = at;
    }
  }
  // The one vector that the end of the sample cuts short.
  HOLLOW_NO_UNROLL
  for (int64_t at = rest, channel = first_channel; at < tiles.numel; ++at) {
    constexpr int kOne = sizeof(T);
    Vector<T, kOne> old{};
    if constexpr (kAdds) old = load_vector<kOne, Caching::kKept>(t.residual + at);
    const float one_factor[1] = {factors.at(channel)};
    store_vector<Caching::kKept>(
        t.y + at, scaled<kAdds>(load_vector<kOne, Caching::kKept>(t.x + at), old, one_factor));
    channel = channel + 1 == tiles.dim ? 0 : channel + 1;
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_THREAD_H_
