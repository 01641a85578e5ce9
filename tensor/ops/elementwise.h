// Sums and products, element by element, with broadcasting. Floating types and i64; both operands
// of one dtype and on one device. Low precision computes in f32 and rounds once; i64 wraps around.
// The results are contiguous. A Scalar enters as it is given, in f32, f64 or as an i64: it is not
// rounded to the tensor's dtype first.
#ifndef HOLLOW_TENSOR_OPS_ELEMENTWISE_H_
#define HOLLOW_TENSOR_OPS_ELEMENTWISE_H_

#include "tensor/scalar.h"
#include "tensor/tensor.h"

namespace hollow {

// a + b
Tensor add(const Tensor& a, const Tensor& b);
Tensor add(const Tensor& a, Scalar b);

// a * b
Tensor mul(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, Scalar b);

// Into a, whose shape must be the common one. Throws Error(kAlias) where b overlaps a without being
// a itself.
void add_(const Tensor& a, const Tensor& b);
void add_(const Tensor& a, Scalar b);
void mul_(const Tensor& a, const Tensor& b);
void mul_(const Tensor& a, Scalar b);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_ELEMENTWISE_H_
