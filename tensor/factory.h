// Making tensors with values; tensor/empty.h, which this includes, makes them without.
//
//   Tensor a = zeros({2, 3});
//   Tensor b = full({1024}, 1e-5f, {.dtype = DType::kBF16});
//   Tensor c = from_values<float>({1, 2, 3, 4}, {2, 2});
//   Tensor d = randn({2, 3}, RngKey(0) / "d");
//
// Without a device in the options they go to default_device(). On meta they allocate nothing, and
// their values, from_values' included, are not kept. They throw what empty throws.
#ifndef HOLLOW_TENSOR_FACTORY_H_
#define HOLLOW_TENSOR_FACTORY_H_

#include <initializer_list>
#include <utility>

#include "absl/types/span.h"
#include "tensor/empty.h"
#include "tensor/ops/fill.h"
#include "tensor/rng_key.h"
#include "tensor/tensor.h"

namespace hollow {

Tensor zeros(Shape shape, const TensorOptions& options = {});
Tensor ones(Shape shape, const TensorOptions& options = {});
Tensor full(Shape shape, Scalar value, const TensorOptions& options = {});
Tensor zeros_like(const Tensor& tensor);
Tensor ones_like(const Tensor& tensor);
Tensor full_like(const Tensor& tensor, Scalar value);

// Values in row-major order; the dtype is T's, whatever the options say. Throws Error(kShape)
// unless there are as many as the shape has elements.
template <typename T>
Tensor from_values(absl::Span<const T> values, Shape shape, TensorOptions options = {});
template <typename T>
Tensor from_values(std::initializer_list<T> values, Shape shape, TensorOptions options = {}) {
  return from_values(absl::Span<const T>(values.begin(), values.size()), std::move(shape), options);
}
// In one dimension.
template <typename T>
Tensor from_values(std::initializer_list<T> values, TensorOptions options = {}) {
  return from_values(values, {static_cast<int64_t>(values.size())}, options);
}

// Uniform in [0, 1), and normal with mean 0 and variance 1, from the key's stream. Floating dtypes.
Tensor rand(Shape shape, RngKey key, const TensorOptions& options = {});
Tensor randn(Shape shape, RngKey key, const TensorOptions& options = {});

}  // namespace hollow

#endif  // HOLLOW_TENSOR_FACTORY_H_
