// The gradients of LayerScale, as explicit functions: of x and of gamma in one pass over memory.
//
//   auto [grad_x, grad_gamma] = layer_scale_backward(grad_y, x, gamma);
//
// With grad_y the gradient of what the forward op gave,
//
//   grad_x     = alpha * gamma * grad_y
//   grad_gamma = alpha * (the sum over all but the last dimension of grad_y * x)
//
// and the gradient of a residual is grad_y itself. x is what forward had: after an in-place forward
// it is gone, and grad_gamma with it.
//
// Floating types, all of one dtype; computed in f32, the gradient of x rounded once, that of gamma
// from f64 to f32 and then to the dtype. f64, for reference, is computed in f64, on the CPU alone:
// elsewhere Error(kUnsupported). grad_gamma has the same bits for the same shapes and dtype: the
// order of its additions depends on nothing else, on the CPU not even on the instruction set, and
// nowhere on strides. Between devices it differs by rounding. Operands that are not contiguous are
// copied first; on the CPU, without an index, not those that are whole rows with gaps between them.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_BACKWARD_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_BACKWARD_H_

#include <cstdint>

#include "absl/types/span.h"
#include "tensor/tensor.h"

namespace hollow {

struct LayerScaleGrads {
  Tensor x;
  Tensor gamma;
};

// Of layer_scale, with alpha 1, and of layer_scale_add, in all their forms.
LayerScaleGrads layer_scale_backward(const Tensor& grad_y, const Tensor& x, const Tensor& gamma,
                                     double alpha = 1.0);

// Into grad_x, which has x's shape and may be grad_y or x, and grad_gamma, which has gamma's and
// may be that.
void layer_scale_backward_out(const Tensor& grad_x, const Tensor& grad_gamma, const Tensor& grad_y,
                              const Tensor& x, const Tensor& gamma, double alpha = 1.0);

// Of layer_scale_index_add_: grad_y is that of the whole residual, x and its gradient have a sample
// for each of the index.
LayerScaleGrads layer_scale_index_add_backward(const Tensor& grad_y,
                                               absl::Span<const int64_t> index, const Tensor& x,
                                               const Tensor& gamma, double alpha = 1.0);

// Of layer_scale_drop_path_add_: the gradient of a sample that was dropped is 0.
LayerScaleGrads layer_scale_drop_path_add_backward(const Tensor& grad_y,
                                                   absl::Span<const int64_t> kept, const Tensor& x,
                                                   const Tensor& gamma, double alpha = 1.0);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_BACKWARD_H_
