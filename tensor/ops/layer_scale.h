// LayerScale: every channel times its factor, y[..., c] = x[..., c] * gamma[c].
//
// gamma is [dim]; x has dim as its last size, and any sizes before it. Floating types, all of one
// dtype; f32, f16 and bf16 are computed in f32 and rounded once, f64, for reference, element by
// element in f64.
//
// layer_scale_add is what a residual block makes of it, in one pass over memory:
//
//   x = layer_scale_add(x, attention(norm(x)), ls.gamma());      // x + gamma * attention(norm(x))
//
// alpha is a number beside gamma, as for stochastic depth; it is not rounded to the dtype.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_H_

#include "tensor/op_name.h"
#include "tensor/tensor.h"

namespace hollow {

// A new, contiguous tensor.
Tensor layer_scale(const Tensor& x, const Tensor& gamma);

// Into y, which has x's shape and may be x.
void layer_scale_out(const Tensor& y, const Tensor& x, const Tensor& gamma);

// In place.
void layer_scale_(const Tensor& x, const Tensor& gamma);

// residual + alpha * gamma * x, for a residual of x's shape: a new, contiguous tensor.
Tensor layer_scale_add(const Tensor& residual, const Tensor& x, const Tensor& gamma,
                       double alpha = 1.0);

// Into y, which has that shape, and may be the residual or x.
void layer_scale_add_out(const Tensor& y, const Tensor& residual, const Tensor& x,
                         const Tensor& gamma, double alpha = 1.0);

// Into the residual.
void layer_scale_add_(const Tensor& residual, const Tensor& x, const Tensor& gamma,
                      double alpha = 1.0);

namespace internal {

// layer_scale_add_out under the name of another op, which has checked shapes and alpha.
void layer_scale_add_into(OpName op, const Tensor& y, const Tensor& residual, const Tensor& x,
                          const Tensor& gamma, double alpha);

}  // namespace internal
}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_H_
