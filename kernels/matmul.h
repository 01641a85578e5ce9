// The matrix product, in the form that a linear layer needs:
//
//   y[i, j] = sum over k of x[i, k] * w[j, k]        0 <= i < m, 0 <= j < n, 0 <= k < p
//
// x is m by p, w is n by p, y is m by n; all contiguous, row-major; y is neither x nor w.
// Accumulates in f32 and rounds once. Floating types. The product is oneDNN's; on CUDA there is
// none yet, and the call throws Failure(kUnsupported).
#ifndef HOLLOW_KERNELS_MATMUL_H_
#define HOLLOW_KERNELS_MATMUL_H_

#include <cstdint>

#include "kernels/place.h"

namespace hollow::kernels {

template <typename T>
void matmul(Cpu, T* y, const T* x, const T* w, int64_t m, int64_t n, int64_t p);
template <typename T>
void matmul(Cuda place, T* y, const T* x, const T* w, int64_t m, int64_t n, int64_t p);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_MATMUL_H_
