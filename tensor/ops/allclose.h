// Comparing values, for tests and for people.
#ifndef HOLLOW_TENSOR_OPS_ALLCLOSE_H_
#define HOLLOW_TENSOR_OPS_ALLCLOSE_H_

#include "tensor/tensor.h"

namespace hollow {

// How far apart two elements may be: |a - b| <= absolute + relative * |b|. torch.allclose's bounds.
struct Tolerance {
  double relative = 1e-5;
  double absolute = 1e-8;
};

// Whether every element of a is close to b's. Any devices and dtypes; NaN is close to nothing, an
// infinity to itself alone. Throws Error(kShape) unless the shapes are equal.
bool allclose(const Tensor& a, const Tensor& b, Tolerance tolerance = {});

// Whether both have the same shape, the same dtype, and the same bits, from whatever devices: a NaN
// is the same as itself, and 0 is not -0.
bool same_bits(const Tensor& a, const Tensor& b);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_ALLCLOSE_H_
