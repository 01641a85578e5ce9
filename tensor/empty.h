// Tensors without values: the factories that every op begins with. The others are in
// tensor/factory.h.
#ifndef HOLLOW_TENSOR_EMPTY_H_
#define HOLLOW_TENSOR_EMPTY_H_

#include "tensor/op_name.h"
#include "tensor/tensor.h"

namespace hollow {

// Memory without values, contiguous: reading it is an error until it is written. On meta not even
// memory. Throws Error(kShape) for a negative or uncountable shape, Error(kOutOfMemory),
// Error(kDevice) where there is no such device, and Error(kDType) for an integer that is to require
// grad.
Tensor empty(const Shape& shape, const TensorOptions& options = {});
// The same for the result of an op, whose name, a literal, is in the error.
Tensor empty(OpName op, const Shape& shape, const TensorOptions& options);
// The result of an op: of x's dtype, and on its device.
Tensor empty(OpName op, const Shape& shape, const Tensor& x);
// The same for a slot, of the origin's shape. A module lists it, so no Births (tensor/births.h)
// does.
Tensor empty_slot(OpName op, Origin&& origin, const TensorOptions& options);

// Options that make a tensor of the same dtype on the same device.
TensorOptions like(const Tensor& tensor);

// The same shape; the strides too, where they are dense (a permuted contiguous layout). Without
// options the dtype and device too.
Tensor empty_like(const Tensor& tensor);
Tensor empty_like(const Tensor& tensor, const TensorOptions& options);
Tensor empty_like(OpName op, const Tensor& tensor, const TensorOptions& options);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_EMPTY_H_
