#include "tensor/empty.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/births.h"
#include "tensor/error.h"

namespace hollow {
namespace {

// Calls make(), which makes the storage.
template <typename Make>
std::shared_ptr<Storage> new_storage(OpName op, absl::Span<const int64_t> shape, DType dtype,
                                     Device device, Make make) {
  return with_op(op, make, [&] {
    return absl::StrCat("a new tensor ", to_string(shape), " ", to_string(dtype), " on ",
                        to_string(device));
  });
}

Device device_of(const TensorOptions& options) {
  return options.device.has_value() ? *options.device : default_device();
}

// Any tensor but a slot's.
Tensor whole(OpName op, const Shape& shape, DType dtype, Device device) {
  const int64_t numel = checked_numel(op, shape);
  return with_op(op, [&] {
    Tensor tensor =
        Tensor::whole(new_storage(op, shape, dtype, device,
                                  [&] { return std::make_shared<Storage>(device, dtype, numel); }),
                      shape);
    if (device.is_meta()) Births::note(op, tensor);
    return tensor;
  });
}

}  // namespace

Tensor empty_slot(OpName op, Origin&& origin, const TensorOptions& options) {
  const Shape shape = origin.shape;
  const int64_t numel = checked_numel(op, shape);
  const Device device = device_of(options);
  Tensor tensor = Tensor::whole(
      new_storage(
          op, shape, options.dtype, device,
          [&] { return Storage::make_slot(device, options.dtype, numel, std::move(origin)); }),
      shape);
  if (options.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

Tensor empty(OpName op, const Shape& shape, const Tensor& x) {
  return whole(op, shape, x.dtype(), x.device());
}

Tensor empty(OpName op, const Shape& shape, const TensorOptions& options) {
  Tensor tensor = whole(op, shape, options.dtype, device_of(options));
  if (options.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

Tensor empty(const Shape& shape, const TensorOptions& options) {
  return empty("empty", shape, options);
}

TensorOptions like(const Tensor& tensor) {
  return {.dtype = tensor.dtype(), .device = tensor.device()};
}

Tensor empty_like(OpName op, const Tensor& tensor, const TensorOptions& options) {
  if (!tensor.layout().is_dense()) return empty(op, tensor.shape(), options);
  const Tensor contiguous = empty(op, tensor.shape(), options);
  return with_op(op, [&] {
    return Tensor(contiguous.storage(), {tensor.shape(), tensor.strides()});
  });
}

Tensor empty_like(const Tensor& tensor, const TensorOptions& options) {
  return empty_like("empty_like", tensor, options);
}

Tensor empty_like(const Tensor& tensor) { return empty_like(tensor, like(tensor)); }

}  // namespace hollow
