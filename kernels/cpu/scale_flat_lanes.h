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

#include "kernels/cpu/scale_flat.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kAhead = 1024;  // bytes from a load to its prefetch
constexpr int64_t kLine = 64;
static_assert(kScaleStep % Vectors::kFloats == 0);

template <typename T, Stores kStores>
[[gnu::always_inline]] inline void scale_step(T* y, const T* x, const float* factors) {
  Vectors::Float product[kScaleStep / Vectors::kFloats];
#pragma GCC unroll 8
  for (int64_t i = 0; i < kScaleStep; i += Vectors::kFloats) {
    product[i / Vectors::kFloats] = Vectors::load(x + i) * Vectors::load(factors + i);
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kScaleStep; i += Vectors::kFloats) {
    if constexpr (kStores == Stores::kStreaming) {
      Vectors::stream(y + i, product[i / Vectors::kFloats]);
    } else {
      Vectors::store(y + i, product[i / Vectors::kFloats]);
    }
  }
}

// Fewer elements than a step.
template <typename T>
void scale_few(T* y, const T* x, const float* factors, int64_t count) {
  T step[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count) * sizeof(T);
  __builtin_memcpy(step, x, bytes);
  scale_step<T, Stores::kCached>(step, step, factors);
  __builtin_memcpy(y, step, bytes);
}

template <typename T, Stores kStores>
void scale(T* y, const T* x, const float* factors, int64_t period, int64_t phase, int64_t count) {
  int64_t i = 0;
  if constexpr (kStores == Stores::kStreaming) {  // whole lines
    const auto past = reinterpret_cast<uintptr_t>(y) % kLine;
    i = static_cast<int64_t>((kLine - past) % kLine / sizeof(T));
    if (i > count) i = count;
    scale_few(y, x, factors + phase, i);
    phase = (phase + i) % period;
  }
  for (; i + kScaleStep <= count; i += kScaleStep) {
    if constexpr (kStores == Stores::kStreaming) {
      for (int64_t line = 0; line < kScaleStep * static_cast<int64_t>(sizeof(T)); line += kLine) {
        __builtin_prefetch(reinterpret_cast<const char*>(x + i) + kAhead + line);
      }
    }
    scale_step<T, kStores>(y + i, x + i, factors + phase);
    phase += kScaleStep;
    if (phase >= period) phase -= period;
  }
  scale_few(y + i, x + i, factors + phase, count - i);
  if constexpr (kStores == Stores::kStreaming) _mm_sfence();
}

}  // namespace

template <Isa kIsa, typename T>
void scale_flat(T* y, const T* x, const float* factors, int64_t period, int64_t phase,
                int64_t count, Stores stores) {
  if (stores == Stores::kStreaming) {
    scale<T, Stores::kStreaming>(y, x, factors, period, phase, count);
  } else {
    scale<T, Stores::kCached>(y, x, factors, period, phase, count);
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
