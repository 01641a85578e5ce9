// Reductions of n contiguous elements to the one element *y. Floating types accumulate in f64, in
// an order that depends on n alone, and round to f32, then to T, where that is not f64; the sum of
// i64 wraps around.
#ifndef HOLLOW_KERNELS_REDUCE_H_
#define HOLLOW_KERNELS_REDUCE_H_

#include <cstdint>

#include "kernels/place.h"

namespace hollow::kernels {

// *y = x[0] + ... + x[n-1]; 0 where n is 0. Numbers.
template <typename T>
void sum(Cpu, T* y, const T* x, int64_t n);
template <typename T>
void sum(Cuda place, T* y, const T* x, int64_t n);

// *y = sum / n; NaN where n is 0. Floating types.
template <typename T>
void mean(Cpu, T* y, const T* x, int64_t n);
template <typename T>
void mean(Cuda place, T* y, const T* x, int64_t n);

// *y = sqrt(sum (x[i] - mean)^2 / (n - correction)), in two passes; NaN where n <= correction.
// Floating types.
template <typename T>
void std_dev(Cpu, T* y, const T* x, int64_t n, int64_t correction);
template <typename T>
void std_dev(Cuda place, T* y, const T* x, int64_t n, int64_t correction);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_REDUCE_H_
