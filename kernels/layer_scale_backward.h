// The gradients of LayerScale (kernels/layer_scale.h), of all its forms, in one pass:
//
//   grad_x[t, r, c]  = (alpha * gamma[c]) * grad_y[s, r, c]
//   grad_gamma[c]    = alpha * sum of grad_y[s, r, c] * x[t, r, c]
//
// for each pair (s, t) and 0 <= r < rows, 0 <= c < dim; the sum is over all pairs and rows, and 0
// where there are none. Contiguous, row-major, unless they lie in runs; where every sample is
// paired with itself grad_x may be grad_y or x, and else overlaps neither.
//
// Computed in f32, and grad_x rounded once to T. The order of the additions, and so the bits of
// grad_gamma, follow from T, from how many pairs, rows and channels there are, and on a device from
// whether there are lists: not from addresses, threads, instruction sets or which block of a grid
// is done first. Terms of one column are summed in f32, in groups of at most some thousand for each
// of a few lanes, and the groups in f64, which is rounded to f32 and then to T. Useful bytes: (3 *
// rows * dim * pairs + 2 * dim) * sizeof(T). Floating types; f64, which is computed and summed in
// f64, is for reference, and the CPU's alone.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_H_
#define HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_H_

#include <cstdint>

#include "kernels/place.h"
#include "kernels/sample_pairs.h"
#include "kernels/scalar.h"
#include "kernels/strided.h"

namespace hollow::kernels {

template <typename T>
void layer_scale_backward(Cpu, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const SamplePairs& pairs, int64_t rows,
                          int64_t dim);
template <typename T>
void layer_scale_backward(Cuda place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const SamplePairs& pairs, int64_t rows,
                          int64_t dim);

// The same of all rows of operands that lie in runs (kernels/runs.h): an index of grad_x, grad_y
// and x. The bits are those of contiguous operands.
template <typename T>
void layer_scale_backward(Cpu, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const Strided<3>& runs, int64_t dim);
template <typename T>
void layer_scale_backward(Cuda place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const Strided<3>& runs, int64_t dim);

// Not from the template.
template <>
void layer_scale_backward(Cpu, double*, double*, const double*, const double*, const double*,
                          double, const SamplePairs&, int64_t, int64_t);
template <>
void layer_scale_backward(Cuda, double*, double*, const double*, const double*, const double*,
                          double, const SamplePairs&, int64_t, int64_t);
template <>
void layer_scale_backward(Cpu, double*, double*, const double*, const double*, const double*,
                          double, const Strided<3>&, int64_t);
template <>
void layer_scale_backward(Cuda, double*, double*, const double*, const double*, const double*,
                          double, const Strided<3>&, int64_t);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_H_
