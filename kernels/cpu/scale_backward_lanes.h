// kernels/cpu/scale_backward.h for vectors: included by the source of each instruction set, after
// its lanes.
#ifndef HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_
#define HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_

#include <cstdint>

#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/scale_backward_walk.h"
#include "kernels/cpu/table_order.h"

namespace hollow::kernels {
namespace {

template <Stores kStores>
struct VectorStep {
  template <int kCount, typename T>
  [[gnu::always_inline]] static inline void go(T* grad_x, const T* grad_y, const T* x,
                                               int64_t between, const float* factors, float* sums,
                                               int64_t next) {
    using Two = Vectors::Two;
    constexpr int64_t kTwo = 2 * Vectors::kFloats;
    if constexpr (kStores == Stores::kStreaming) {
      for (int64_t w = 0; w < kCount; ++w) {
        prefetch<kScaleStep>(grad_y + w * between);
        prefetch<kScaleStep>(x + w * between);
      }
    }
    Two factor[kScaleStep / kTwo], sum[kScaleStep / kTwo];
#pragma GCC unroll 8
    for (int64_t i = 0; i < kScaleStep; i += kTwo) {
      factor[i / kTwo] = load_table<Vectors, T>(factors, next, i);
      sum[i / kTwo] = load_table<Vectors, T>(sums, next, i);
    }
#pragma GCC unroll 8
    for (int64_t w = 0; w < kCount; ++w) {
#pragma GCC unroll 8
      for (int64_t i = 0; i < kScaleStep; i += kTwo) {
        const int64_t at = w * between + i;
        const Two dy = Vectors::load_two(grad_y + at);
        const Two v = Vectors::load_two(x + at);
        const Two by = factor[i / kTwo];
        Two& to = sum[i / kTwo];
        to = {Vectors::fma(dy.a, v.a, to.a), Vectors::fma(dy.b, v.b, to.b)};
        const Two dx = {dy.a * by.a, dy.b * by.b};
        if constexpr (kStores == Stores::kStreaming) {
          Vectors::stream_two(grad_x + at, dx);
        } else {
          Vectors::store_two(grad_x + at, dx);
        }
      }
    }
#pragma GCC unroll 8
    for (int64_t i = 0; i < kScaleStep; i += kTwo) {
      store_table<Vectors, T>(sums, next, i, sum[i / kTwo]);
    }
  }
};

}  // namespace

template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const float* factors, float* sums,
                    int64_t period, int64_t count, bool in_caches, Stores stores) {
  using Cached = VectorStep<Stores::kCached>;
  using Streaming = VectorStep<Stores::kStreaming>;
  if (stores == Stores::kCached) {
    return walk_backward<Cached, Cached>(grad_x, grad_y, x, factors, sums, period, count,
                                         in_caches);
  }
  walk_backward<Streaming, Cached>(grad_x, grad_y, x, factors, sums, period, count, in_caches);
  _mm_sfence();
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_
