// What the ops of LayerScale ask of their operands, on meta as elsewhere. Internal to tensor/ops/.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_

#include <cstdint>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tensor/tensor.h"

namespace hollow {

// Throws Error(kShape), Error(kDevice) or Error(kDType) unless gamma is [dim], and the last size of
// x that dim.
void check_scaled(absl::string_view op, const Tensor& x, const Tensor& gamma);

// The same unless the one tensor has the other's shape, device and dtype. Names are what they are
// to the op.
void check_like(absl::string_view op, const char* name, const Tensor& tensor,
                const char* model_name, const Tensor& model);

// Throws Error(kValue) where alpha is not finite in what x is computed in: f32, or f64.
void check_alpha(absl::string_view op, double alpha, const Tensor& x);

// Throws Error(kShape) unless both have samples, in their first dimension, and of one shape. The
// whole is `name` to the op; `part`, which is x, has as many as the index, or, where it is another
// whole, as many as that. The index names samples of the whole: Error(kShape) where there is no
// such, Error(kAlias) where one stands twice.
enum class Part { kAtIndex, kWhole };
void check_samples(absl::string_view op, const char* name, const Tensor& whole,
                   absl::Span<const int64_t> index, const Tensor& part, Part kind);

bool are_contiguous(std::initializer_list<const Tensor*> operands);

// Whether the kernels of the family take them, all of one dtype, as they are.
bool are_fast(std::initializer_list<const Tensor*> operands);

// Of channels: the product of all sizes but the last, 0 where there are no channels.
int64_t rows_of(const Tensor& x);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_RULES_H_
