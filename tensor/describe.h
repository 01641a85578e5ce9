// How an error speaks of a tensor, and the errors that more than one op throws.
#ifndef HOLLOW_TENSOR_DESCRIBE_H_
#define HOLLOW_TENSOR_DESCRIBE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tensor/error.h"
#include "tensor/tensor.h"

namespace hollow {

// "blocks.0.ls1.gamma" [1024] f32 on cpu (allocated)
// tensor [2, 3] f32 on meta
// view [2] of "fc.bias" [30] f32 on cpu (initialized)
std::string describe(const Tensor& tensor);

// Throws Error(kMeta) or Error(kUninitialized) unless every element of the tensor was written. The
// message says how many were not, which call mends it, and what else is unfinished in the same root.
void require_values(absl::string_view op, const Tensor& tensor);

// Throws Error(kAlias) if the tensor repeats elements, so that a write would hit one twice.
void require_writable(absl::string_view op, const Tensor& tensor);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_DESCRIBE_H_
