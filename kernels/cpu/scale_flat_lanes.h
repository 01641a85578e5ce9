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
                                              const float* factors) {
  using Two = Vectors::Two;
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  Two result[kScaleStep / kTwo];
#pragma GCC unroll 8
  for (int64_t i = 0; i < kScaleStep; i += kTwo) {
    const Two factor = Vectors::template load_factors<T>(factors + i);
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
void scale_few(T* y, const T* residual, const T* x, const float* factors, int64_t count) {
  constexpr Form kCached = {kForm.adds, Stores::kCached};
  T step[kScaleStep] = {}, added[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count) * sizeof(T);
  __builtin_memcpy(step, x, bytes);
  if constexpr (kForm.adds) __builtin_memcpy(added, residual, bytes);
  scale_step<kCached>(step, added, step, factors);
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
    scale_few<kForm>(y, residual, x, factors + phase, i);
    phase = (phase + i) % period;
  }
  for (; i + kScaleStep <= count; i += kScaleStep) {
    if constexpr (kStreams) {
      prefetch<kScaleStep>(x + i);
      if constexpr (kForm.adds) prefetch<kScaleStep>(residual + i);
    }
    scale_step<kForm>(y + i, residual_at(i), x + i, factors + phase);
    phase += kScaleStep;
    if (phase >= period) phase -= period;
  }
  if (i < count) scale_few<kForm>(y + i, residual_at(i), x + i, factors + phase, count - i);
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
void make_factors(float* factors, const T* gamma, float alpha, int64_t count) {
  constexpr int64_t kFloats = Vectors::kFloats;
  int64_t i = 0;
  for (; i + kFloats <= count; i += kFloats) {
    Vectors::store(factors + i, alpha * Vectors::load(gamma + i));
  }
  const auto rest = static_cast<size_t>(count - i);
  T few[kFloats] = {};
  float made[kFloats];
  __builtin_memcpy(few, gamma + i, rest * sizeof(T));
  Vectors::store(made, alpha * Vectors::load(few));
  __builtin_memcpy(factors + i, made, rest * sizeof(float));
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
