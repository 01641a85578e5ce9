// LayerScale (Touvron et al., "Going deeper with Image Transformers", 2021): every channel times a
// learnt factor.
//
//   y[r, c] = x[r, c] * gamma[c]        0 <= r < rows, 0 <= c < dim
//
// x and y are contiguous, row-major; y may be x. Computed in f32 and rounded once. Useful bytes:
// (2 * rows * dim + dim) * sizeof(T). Floating types.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_H_
#define HOLLOW_KERNELS_LAYER_SCALE_H_

#include <cstdint>

#include "kernels/place.h"

namespace hollow::kernels {

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim);
template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_H_
