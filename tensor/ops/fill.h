// Sets every element to one value.
#ifndef HOLLOW_TENSOR_OPS_FILL_H_
#define HOLLOW_TENSOR_OPS_FILL_H_

#include "tensor/scalar.h"
#include "tensor/tensor.h"

namespace hollow {

// Any dtype; views too. Does nothing on meta. Throws Error(kValue) where the dtype cannot hold the
// value, and Error(kAlias) for an expanded tensor.
void fill_(const Tensor& tensor, Scalar value);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_FILL_H_
