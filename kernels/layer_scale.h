// LayerScale (Touvron et al., "Going deeper with Image Transformers", 2021): every channel times a
// learnt factor, alone or on its way into the residual stream.
//
//   layer_scale             y[r, c] = x[r, c] * gamma[c]
//   layer_scale_add         y[r, c] = residual[r, c] + (alpha * gamma[c]) * x[r, c]
//   layer_scale_index_add   y[s, r, c] += (alpha * gamma[c]) * x[t, r, c]   for each pair (s, t)
//
// for 0 <= r < rows, 0 <= c < dim. All are contiguous, row-major; or, where there is an index over
// the operands but gamma, lie in runs (kernels/runs.h). y may be x, or the residual.
// Computed in f32: the product of alpha and gamma is rounded, the rest is one fma, and what is
// stored is rounded once more where T is not f32. Useful bytes: (2 * rows * dim + dim) * sizeof(T),
// (3 * rows * dim + dim) * sizeof(T), and the latter for each pair: other samples are not touched.
// Floating types that are computed in f32.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_H_
#define HOLLOW_KERNELS_LAYER_SCALE_H_

#include <cstdint>

#include "kernels/place.h"
#include "kernels/sample_pairs.h"
#include "kernels/strided.h"

namespace hollow::kernels {

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim);
template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim);

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, const Strided<2>& runs, int64_t dim);
template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, const Strided<2>& runs, int64_t dim);

template <typename T>
void layer_scale_add(Cpu, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     int64_t rows, int64_t dim);
template <typename T>
void layer_scale_add(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     int64_t rows, int64_t dim);

template <typename T>
void layer_scale_add(Cpu, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     const Strided<3>& runs, int64_t dim);
template <typename T>
void layer_scale_add(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     const Strided<3>& runs, int64_t dim);

// y and x do not overlap, unless y is x and every sample is paired with itself.
template <typename T>
void layer_scale_index_add(Cpu, T* y, const T* x, const T* gamma, float alpha,
                           const SamplePairs& pairs, int64_t rows, int64_t dim);
template <typename T>
void layer_scale_index_add(Cuda place, T* y, const T* x, const T* gamma, float alpha,
                           const SamplePairs& pairs, int64_t rows, int64_t dim);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_H_
