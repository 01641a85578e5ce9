#include "tensor/empty.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow {
namespace {

Tensor make(absl::string_view op, Layout layout, const TensorOptions& options) {
  const int64_t numel = layout.numel();
  const Device device = options.device.value_or(default_device());
  std::shared_ptr<Storage> storage = with_op(
      op, [&] { return std::make_shared<Storage>(device, options.dtype, numel); },
      [&] {
        return absl::StrCat("a new tensor ", to_string(layout.shape), " ", to_string(options.dtype),
                            " on ", to_string(device));
      });
  Tensor tensor(std::move(storage), std::move(layout));
  if (options.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

}  // namespace

Tensor empty(absl::string_view op, Shape shape, const TensorOptions& options) {
  checked_numel(op, shape);
  Strides strides = contiguous_strides(shape);
  return make(op, {std::move(shape), std::move(strides), 0}, options);
}

Tensor empty(Shape shape, const TensorOptions& options) {
  return empty("empty", std::move(shape), options);
}

TensorOptions like(const Tensor& tensor) {
  return {.dtype = tensor.dtype(), .device = tensor.device()};
}

Tensor empty_like(absl::string_view op, const Tensor& tensor, const TensorOptions& options) {
  if (!tensor.layout().is_dense()) return empty(op, tensor.shape(), options);
  return make(op, {tensor.shape(), tensor.strides(), 0}, options);
}

Tensor empty_like(const Tensor& tensor, const TensorOptions& options) {
  return empty_like("empty_like", tensor, options);
}

Tensor empty_like(const Tensor& tensor) { return empty_like(tensor, like(tensor)); }

}  // namespace hollow
