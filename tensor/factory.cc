#include "tensor/factory.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/ops/random.h"

namespace hollow {

namespace {

Tensor filled(OpName op, const Shape& shape, Scalar value, const TensorOptions& options) {
  value.check_fits(op, options.dtype);
  Tensor tensor = empty(op, shape, options);
  fill_(tensor, value);
  return tensor;
}

}  // namespace

Tensor zeros(Shape shape, const TensorOptions& options) {
  return filled("zeros", shape, 0.0, options);
}

Tensor ones(Shape shape, const TensorOptions& options) {
  return filled("ones", shape, 1.0, options);
}

Tensor full(Shape shape, Scalar value, const TensorOptions& options) {
  return filled("full", shape, value, options);
}

Tensor zeros_like(const Tensor& tensor) { return full_like(tensor, 0.0); }

Tensor ones_like(const Tensor& tensor) { return full_like(tensor, 1.0); }

Tensor full_like(const Tensor& tensor, Scalar value) {
  Tensor result = empty_like(tensor);
  fill_(result, value);
  return result;
}

template <typename T>
Tensor from_values(absl::Span<const T> values, Shape shape, TensorOptions options) {
  const int64_t numel = checked_numel("from_values", shape);
  if (numel != static_cast<int64_t>(values.size())) {
    throw Error(ErrorCode::kShape, "from_values",
                absl::StrCat("shape ", to_string(shape), " has ", numel,
                             " elements, and there are ", values.size(), " values"));
  }
  options.dtype = dtype_of<T>();
  Tensor tensor = empty("from_values", shape, options);
  tensor.write<T>(
      [&](absl::Span<T> into) { std::copy(values.begin(), values.end(), into.begin()); });
  return tensor;
}

template Tensor from_values(absl::Span<const float>, Shape, TensorOptions);
template Tensor from_values(absl::Span<const Half>, Shape, TensorOptions);
template Tensor from_values(absl::Span<const BFloat16>, Shape, TensorOptions);
template Tensor from_values(absl::Span<const double>, Shape, TensorOptions);
template Tensor from_values(absl::Span<const int64_t>, Shape, TensorOptions);
template Tensor from_values(absl::Span<const bool>, Shape, TensorOptions);

Tensor rand(Shape shape, RngKey key, const TensorOptions& options) {
  check_dtype("rand", Floats{}, options.dtype);
  Tensor tensor = empty("rand", shape, options);
  uniform_(tensor, 0.0f, 1.0f, key);
  return tensor;
}

Tensor randn(Shape shape, RngKey key, const TensorOptions& options) {
  check_dtype("randn", Floats{}, options.dtype);
  Tensor tensor = empty("randn", shape, options);
  normal_(tensor, 0.0f, 1.0f, key);
  return tensor;
}

}  // namespace hollow
