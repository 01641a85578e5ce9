// kernels/cpu/scale_backward.h for vectors: included by the source of each instruction set, after
// its lanes.
#ifndef HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_
#define HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_

#include <cstddef>
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
                                               Between between, const float* factors, float* sums,
                                               int64_t next) {
    using Two = Vectors::Two;
    constexpr int64_t kTwo = 2 * Vectors::kFloats;
    if constexpr (kStores == Stores::kStreaming) {
      for (int64_t w = 0; w < kCount; ++w) {
        prefetch<kScaleStep>(grad_y + w * between.grad_y);
        prefetch<kScaleStep>(x + w * between.x);
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
        const Two dy = Vectors::load_two(grad_y + w * between.grad_y + i);
        const Two v = Vectors::load_two(x + w * between.x + i);
        const Two by = factor[i / kTwo];
        Two& to = sum[i / kTwo];
        to = {Vectors::fma(dy.a, v.a, to.a), Vectors::fma(dy.b, v.b, to.b)};
        const Two dx = {dy.a * by.a, dy.b * by.b};
        if constexpr (kStores == Stores::kStreaming) {
          Vectors::stream_two(grad_x + w * between.grad_x + i, dx);
        } else {
          Vectors::store_two(grad_x + w * between.grad_x + i, dx);
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
}

template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const Strided<3>& runs, int64_t first,
                    const float* factors, float* sums, int64_t period, int64_t count,
                    bool in_caches, Stores stores) {
  using Cached = VectorStep<Stores::kCached>;
  using Streaming = VectorStep<Stores::kStreaming>;
  if (stores == Stores::kCached) {
    return walk_backward<Cached, Cached>(grad_x, grad_y, x, runs, first, factors, sums, period,
                                         count, in_caches);
  }
  walk_backward<Streaming, Cached>(grad_x, grad_y, x, runs, first, factors, sums, period, count,
                                   in_caches);
}

template <Isa kIsa, typename T>
void sum_groups(T* grad_gamma, const float* sums, int64_t period, int64_t begin, int64_t count,
                int64_t groups, int64_t stride, float alpha) {
  using Two = Vectors::Two;
  using Doubles = Vectors::Doubles;
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  const int64_t next = to_next<T>(begin, period);
  sums += place<T>(begin, period);
  const auto add = [](Doubles& to, Vectors::Float x) {
    const Doubles more = Vectors::to_doubles(x);
    to = {to.low + more.low, to.high + more.high};
  };
  const auto scaled = [alpha](const Doubles& x) {
    return Vectors::to_float({alpha * x.low, alpha * x.high});
  };
  const auto two = [&](int64_t i) -> Two {
    Two of_group = load_table<Vectors, T>(sums, next, i);
    if (groups == 1) return {alpha * of_group.a, alpha * of_group.b};  // which is exact in f64
    Doubles a = Vectors::to_doubles(of_group.a), b = Vectors::to_doubles(of_group.b);
    for (int64_t group = 1; group < groups; ++group) {
      of_group = load_table<Vectors, T>(sums + group * stride, next, i);
      add(a, of_group.a);
      add(b, of_group.b);
    }
    return {scaled(a), scaled(b)};
  };
  int64_t i = 0;
  for (; i + kTwo <= count; i += kTwo) Vectors::store_two(grad_gamma + i, two(i));
  if (i == count) return;
  T few[kTwo];
  Vectors::store_two(few, two(i));
  __builtin_memcpy(grad_gamma + i, few, static_cast<size_t>(count - i) * sizeof(T));
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_BACKWARD_LANES_H_
