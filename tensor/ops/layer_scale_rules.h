// What the ops of LayerScale ask of their operands, on meta as elsewhere. Internal to tensor/ops/.
//
// What is asked before every kernel is inline: to call it would take as long as a row of channels.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/tensor.h"

namespace hollow {

namespace internal {

[[noreturn]] void refuse_scaled(absl::string_view op, const Tensor& x, const Tensor& gamma);
[[noreturn]] void refuse_unlike(absl::string_view op, const char* name, const Tensor& tensor,
                                const char* model_name, const Tensor& model);

}  // namespace internal

// Throws Error(kShape), Error(kDevice) or Error(kDType) unless gamma is [dim], and the last size of
// x that dim.
inline void check_scaled(absl::string_view op, const Tensor& x, const Tensor& gamma) {
  if (gamma.dim() != 1 || x.dim() < 1 || x.shape().back() != gamma.shape()[0]) {
    internal::refuse_scaled(op, x, gamma);
  }
  require_one_device_and_dtype(op, gamma, x);
}

// The same unless the one tensor has the other's shape, device and dtype. Names are what they are
// to the op.
inline void check_like(absl::string_view op, const char* name, const Tensor& tensor,
                       const char* model_name, const Tensor& model) {
  if (!same_shape(tensor.shape(), model.shape())) {
    internal::refuse_unlike(op, name, tensor, model_name, model);
  }
  require_one_device_and_dtype(op, tensor, model);
}

// Throws Error(kValue) where alpha is not finite in what x is computed in: f32, or f64.
void check_alpha(absl::string_view op, double alpha, const Tensor& x);

// Throws Error(kShape) unless both have samples, in their first dimension, and of one shape. The
// whole is `name` to the op; `part`, which is x, has as many as the index, or, where it is another
// whole, as many as that. The index names samples of the whole: Error(kShape) where there is no
// such, Error(kAlias) where one stands twice. Gives back the index, sorted.
enum class Part { kAtIndex, kWhole };
std::vector<int64_t> check_samples(absl::string_view op, const char* name, const Tensor& whole,
                                   absl::Span<const int64_t> index, const Tensor& part, Part kind);

template <typename... Tensors>
bool are_contiguous(const Tensors&... operands) {
  return (operands.is_contiguous() && ...);
}

// Whether the kernels of the family take them, all of one dtype, as they are.
template <typename... Tensors>
bool are_fast(const Tensor& first, const Tensors&... others) {
  return contains(F32Floats{}, first.dtype()) && are_contiguous(first, others...);
}

// Of channels: the product of all sizes but the last, 0 where there are no channels.
inline int64_t rows_of(const Tensor& x) {
  const Shape& shape = x.shape();
  int64_t rows = shape.back() == 0 ? 0 : 1;
  for (size_t d = 0; d + 1 < shape.size(); ++d) rows *= shape[d];
  return rows;
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_
