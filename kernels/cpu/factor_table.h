// gamma as the loops of scale_flat.h and scale_backward.h want it.
#ifndef HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_
#define HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_

#include <cstdint>

#include "kernels/cpu/scale_flat.h"

namespace hollow::kernels {

// alpha * gamma over and over, in a period of at least `at_least` elements, and for kScaleStep
// more. kMost is what dim and at_least, rounded up to a multiple of it, may be: the table lies
// where it is made, on the stack.
template <int64_t kMost>
struct FactorTable {
  template <typename T>
  FactorTable(Isa isa, const T* gamma, float alpha, int64_t dim, int64_t at_least = kScaleStep)
      : period((at_least + dim - 1) / dim * dim) {
    visit_isa(isa, [&]<Isa kIsa>() { make_factors<kIsa>(factors, gamma, alpha, dim); });
    for (int64_t i = dim; i < period + kScaleStep; ++i) factors[i] = factors[i - dim];
  }

  const int64_t period;
  alignas(64) float factors[kMost + kScaleStep];
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_
