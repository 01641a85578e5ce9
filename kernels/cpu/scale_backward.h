// The inner loop of LayerScale's gradients (kernels/layer_scale_backward.h), by one instruction
// set.
#ifndef HOLLOW_KERNELS_CPU_SCALE_BACKWARD_H_
#define HOLLOW_KERNELS_CPU_SCALE_BACKWARD_H_

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/strided.h"

namespace hollow::kernels {

// For 0 <= i < count, and with j = i mod period:
//
//   grad_x[i] = grad_y[i] * factors[j]     in f32, rounded once
//   sums[j] += grad_y[i] * x[i]            in f32, one fma
//
// grad_x may be grad_y or x. Both tables lie in T's order (table_order.h). period >= kScaleStep;
// the factors repeat beyond it for kScaleStep more, and as many sums lie there: sums[period + j] is
// a part of sums[j], which the caller adds to it. The order of the additions follows from period
// and count alone. Stores that stream want grad_x at a multiple of 64 bytes, and to be ordered by
// the caller (order_stores in strategy.h).
template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const float* factors, float* sums,
                    int64_t period, int64_t count, bool in_caches, Stores stores);

// The same, and the same bits, of the elements [first, first + count) of operands that lie in runs:
// an index of grad_x, grad_y and x. Stores that stream want `first`, and the runs of grad_x and
// their lengths, at multiples of 64 bytes.
template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const Strided<3>& runs, int64_t first,
                    const float* factors, float* sums, int64_t period, int64_t count,
                    bool in_caches, Stores stores);

// What a table of sums is in grad_gamma: `count` numbers from `begin` on, which is even, alpha
// times the sum of `groups` tables, each `stride` floats behind the last. In f64, rounded to f32
// and to T.
template <Isa kIsa, typename T>
void sum_groups(T* grad_gamma, const float* sums, int64_t period, int64_t begin, int64_t count,
                int64_t groups, int64_t stride, float alpha);

// clang-format off
#define HOLLOW_SCALE_BACKWARD_OF(isa, T)                                                       \
  template void scale_backward<isa>(T*, const T*, const T*, const float*, float*, int64_t, int64_t, \
                                    bool, Stores);                                             \
  template void scale_backward<isa>(T*, const T*, const T*, const Strided<3>&, int64_t, const float*, \
                                    float*, int64_t, int64_t, bool, Stores);                           \
  template void sum_groups<isa>(T*, const float*, int64_t, int64_t, int64_t, int64_t, int64_t, float);
// clang-format on

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_BACKWARD_H_
