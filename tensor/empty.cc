#include "tensor/empty.h"

#include <memory>
#include <utility>

#include "tensor/error.h"

namespace hollow {
namespace {

Tensor make(Layout layout, const TensorOptions& options) {
  const int64_t numel = layout.numel();
  const Device device = options.device.value_or(default_device());
  std::shared_ptr<Storage> storage =
      with_op("empty", [&] { return std::make_shared<Storage>(device, options.dtype, numel); });
  Tensor tensor(std::move(storage), std::move(layout));
  if (options.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

}  // namespace

Tensor empty(Shape shape, const TensorOptions& options) {
  checked_numel("empty", shape);
  Strides strides = contiguous_strides(shape);
  return make({std::move(shape), std::move(strides), 0}, options);
}

TensorOptions like(const Tensor& tensor) {
  return {.dtype = tensor.dtype(), .device = tensor.device()};
}

Tensor empty_like(const Tensor& tensor) { return empty_like(tensor, like(tensor)); }

Tensor empty_like(const Tensor& tensor, const TensorOptions& options) {
  if (!tensor.layout().is_dense()) return empty(tensor.shape(), options);
  return make({tensor.shape(), tensor.strides(), 0}, options);
}

}  // namespace hollow
