// One number from all elements, as a tensor of shape [] on the same device. Accumulated in f64, in
// an order that depends on the number of elements alone, and rounded to f32, then to the dtype,
// where that is not f64.
#ifndef HOLLOW_TENSOR_OPS_REDUCE_H_
#define HOLLOW_TENSOR_OPS_REDUCE_H_

#include <cstdint>

#include "tensor/tensor.h"

namespace hollow {

// 0 for no elements. Floating types, and i64 (which wraps around).
Tensor sum(const Tensor& x);

// NaN for no elements. Floating types.
Tensor mean(const Tensor& x);

// sqrt(sum (x - mean)^2 / (numel - correction)): the sample's by default, as in torch.std. NaN
// where numel <= correction. Throws Error(kValue) for a negative correction. Floating types. Say
// hollow::std: after `using namespace hollow` the bare word is ambiguous with namespace std.
Tensor std(const Tensor& x, int64_t correction = 1);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_REDUCE_H_
