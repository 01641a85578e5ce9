// LayerScale: every channel times its factor, y[..., c] = x[..., c] * gamma[c].
//
// gamma is [dim]; x has dim as its last size, and any sizes before it. f32, f16, bf16, both of one
// dtype; computed in f32, rounded once.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_H_

#include "tensor/tensor.h"

namespace hollow {

// A new, contiguous tensor.
Tensor layer_scale(const Tensor& x, const Tensor& gamma);

// Into y, which has x's shape and may be x.
void layer_scale_out(const Tensor& y, const Tensor& x, const Tensor& gamma);

// In place.
void layer_scale_(const Tensor& x, const Tensor& gamma);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_H_
