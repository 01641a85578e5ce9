// How an error speaks of a tensor, and the errors that more than one op throws.
#ifndef HOLLOW_TENSOR_DESCRIBE_H_
#define HOLLOW_TENSOR_DESCRIBE_H_

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "tensor/error.h"
#include "tensor/tensor.h"

namespace hollow {

// "blocks.0.ls1.gamma" [1024] f32 on cpu (allocated)
// tensor [2, 3] f32 on meta
// view [2] of "fc.bias" [30] f32 on cpu (initialized)
std::string describe(const Tensor& tensor);

[[noreturn]] void rethrow_about(const Error& error, std::initializer_list<const Tensor*> tensors);

// Calls rule(), which speaks of shapes or dtypes alone; an Error that leaves it also describes the
// tensors that they are of.
template <typename Rule>
decltype(auto) about(std::initializer_list<const Tensor*> tensors, Rule&& rule) {
  try {
    return rule();
  } catch (const Error& error) {
    rethrow_about(error, tensors);
  }
}

// Throws Error(kMeta) or Error(kUninitialized) unless every element of the tensor was written. The
// message says how many were not, which call mends it, and what else is unfinished in the same
// root.
void require_values(absl::string_view op, const Tensor& tensor);
// The same, but content with meta: for the half of an op that runs there too.
inline void require_written(absl::string_view op, const Tensor& tensor) {
  if (!tensor.is_meta()) require_values(op, tensor);
}

// Throws Error(kAlias) if the tensor repeats elements, so that a write would hit one twice.
void require_writable(absl::string_view op, const Tensor& tensor);

// Throws Error(kDevice) or Error(kDType) unless both are on one device (or both on meta) and of one
// dtype.
void require_one_device(absl::string_view op, const Tensor& a, const Tensor& b);
void require_one_dtype(absl::string_view op, const Tensor& a, const Tensor& b);
inline void require_one_device_and_dtype(absl::string_view op, const Tensor& a, const Tensor& b) {
  if (a.storage()->word().is_placed_as(b.storage()->word())) return;
  require_one_device(op, a, b);
  require_one_dtype(op, a, b);
}

// Throws Error(kAlias) if output and input share elements, unless they are the same ones in the
// same order.
void require_no_overlap(absl::string_view op, const Tensor& output, const Tensor& input);

// Throws Error(kAlias) if two tensors, which are `what` to the op, share elements.
void require_apart(absl::string_view op, absl::string_view what, const Tensor& a, const Tensor& b);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_DESCRIBE_H_
