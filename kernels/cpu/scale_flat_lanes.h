// kernels/cpu/scale_flat.h for vectors: included by the source of each instruction set, after its
// lanes.
//
// Rows do not matter here: the tensor is walked as one, in steps of whole vectors, and beside it
// the factors, of which the table holds more than a period, so that a step may begin at any of
// them. So odd sizes and unaligned rows go at the speed of all others.
#ifndef HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
#define HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/table_order.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kLine = 64;
static_assert(kScaleStep % (2 * Vectors::kFloats) == 0);

struct Form {
  bool adds;  // a residual
  Stores stores;
};

template <Form kForm, typename T>
[[gnu::always_inline]] inline void scale_step(T* y, const T* residual, const T* x,
                                              const float* factors, int64_t next) {
  using Two = Vectors::Two;
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  Two result[kScaleStep / kTwo];
#pragma GCC unroll 8
  for (int64_t i = 0; i < kScaleStep; i += kTwo) {
    const Two factor = load_table<Vectors, T>(factors, next, i);
    const Two value = Vectors::load_two(x + i);
    Two& to = result[i / kTwo];
    if constexpr (kForm.adds) {
      const Two added = Vectors::load_two(residual + i);
      to = {Vectors::fma(value.a, factor.a, added.a), Vectors::fma(value.b, factor.b, added.b)};
    } else {
      to = {value.a * factor.a, value.b * factor.b};
    }
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kScaleStep; i += kTwo) {
    if constexpr (kForm.stores == Stores::kStreaming) {
      Vectors::stream_two(y + i, result[i / kTwo]);
    } else {
      Vectors::store_two(y + i, result[i / kTwo]);
    }
  }
}

// Fewer elements than a step.
template <Form kForm, typename T>
void scale_few(T* y, const T* residual, const T* x, const float* factors, int64_t next,
               int64_t count) {
  constexpr Form kCached = {kForm.adds, Stores::kCached};
  T step[kScaleStep] = {}, added[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count) * sizeof(T);
  __builtin_memcpy(step, x, bytes);
  if constexpr (kForm.adds) __builtin_memcpy(added, residual, bytes);
  scale_step<kCached>(step, added, step, factors, next);
  __builtin_memcpy(y, step, bytes);
}

template <Form kForm, typename T>
void scale(T* y, const T* residual, const T* x, const float* factors, int64_t period, int64_t phase,
           int64_t count) {
  constexpr bool kStreams = kForm.stores == Stores::kStreaming;
  int64_t i = 0;
  const auto residual_at = [&](int64_t at) { return kForm.adds ? residual + at : nullptr; };
  if constexpr (kStreams) {  // whole lines
    const auto past = reinterpret_cast<uintptr_t>(y) % kLine;
    i = static_cast<int64_t>((kLine - past) % kLine / sizeof(T));
    if (i > count) i = count;
    scale_few<kForm>(y, residual, x, factors + place<T>(phase, period), to_next<T>(phase, period),
                     i);
    phase = (phase + i) % period;
  }
  const int64_t next = to_next<T>(phase, period);
  factors += place<T>(phase, period) - along<T>(phase);
  for (; i + kScaleStep <= count; i += kScaleStep) {
    if constexpr (kStreams) {
      prefetch<kScaleStep>(x + i);
      if constexpr (kForm.adds) prefetch<kScaleStep>(residual + i);
    }
    scale_step<kForm>(y + i, residual_at(i), x + i, factors + along<T>(phase), next);
    phase += kScaleStep;
    if (phase >= period) phase -= period;
  }
  if (i < count) {
    scale_few<kForm>(y + i, residual_at(i), x + i, factors + along<T>(phase), next, count - i);
  }
  if constexpr (kStreams) _mm_sfence();
}

}  // namespace

template <Isa kIsa, typename T>
void scale_flat(T* y, const T* residual, const T* x, const float* factors, int64_t period,
                int64_t phase, int64_t count, Stores stores) {
  const auto go = [&]<Form kForm>() {
    scale<kForm>(y, residual, x, factors, period, phase, count);
  };
  const bool streams = stores == Stores::kStreaming;
  if (residual == nullptr) {
    if (streams) return go.template operator()<Form{false, Stores::kStreaming}>();
    return go.template operator()<Form{false, Stores::kCached}>();
  }
  if (streams) return go.template operator()<Form{true, Stores::kStreaming}>();
  go.template operator()<Form{true, Stores::kCached}>();
}

template <Isa kIsa, typename T>
void make_factors(float* factors, const T* gamma, float alpha, int64_t count, int64_t period) {
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  const int64_t next = to_next<T>(0, period);
  const auto scaled = [&](const T* from) -> Vectors::Two {
    const Vectors::Two two = Vectors::load_two(from);
    return {alpha * two.a, alpha * two.b};
  };
  int64_t i = 0;
  for (; i + kTwo <= count; i += kTwo) {
    store_table<Vectors, T>(factors, next, i, scaled(gamma + i));
  }
  T few[kTwo] = {};
  float made[kTwo + kScaleStep];
  __builtin_memcpy(few, gamma + i, static_cast<size_t>(count - i) * sizeof(T));
  store_table<Vectors, T>(made, to_next<T>(0, kTwo), 0, scaled(few));
  for (int64_t j = 0; i + j < count; ++j) {
    factors[place<T>(i + j, period)] = made[place<T>(j, kTwo)];
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
