#include "tensor/empty.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/births.h"
#include "tensor/error.h"

namespace hollow {
namespace {

// Calls make(device), which makes the storage.
template <typename Make>
std::shared_ptr<Storage> new_storage(absl::string_view op, absl::Span<const int64_t> shape,
                                     const TensorOptions& options, Make make) {
  const Device device = options.device.value_or(default_device());
  return with_op(
      op, [&] { return make(device); },
      [&] {
        return absl::StrCat("a new tensor ", to_string(shape), " ", to_string(options.dtype),
                            " on ", to_string(device));
      });
}

}  // namespace

Tensor empty_slot(absl::string_view op, Origin&& origin, const TensorOptions& options) {
  const Shape shape = origin.shape;
  const int64_t numel = checked_numel(op, shape);
  Tensor tensor = Tensor::whole(new_storage(op, shape, options,
                                            [&](Device device) {
                                              return Storage::make_slot(device, options.dtype,
                                                                        numel, std::move(origin));
                                            }),
                                shape);
  if (options.requires_grad) tensor.set_requires_grad(true);
  return tensor;
}

Tensor empty(absl::string_view op, const Shape& shape, const TensorOptions& options) {
  const int64_t numel = checked_numel(op, shape);
  Tensor tensor = Tensor::whole(
      new_storage(
          op, shape, options,
          [&](Device device) { return std::make_shared<Storage>(device, options.dtype, numel); }),
      shape);
  if (options.requires_grad) tensor.set_requires_grad(true);
  if (tensor.is_meta()) with_op(op, [&] { Births::note(op, tensor); });
  return tensor;
}

Tensor empty(const Shape& shape, const TensorOptions& options) {
  return empty("empty", shape, options);
}

TensorOptions like(const Tensor& tensor) {
  return {.dtype = tensor.dtype(), .device = tensor.device()};
}

Tensor empty_like(absl::string_view op, const Tensor& tensor, const TensorOptions& options) {
  if (!tensor.layout().is_dense()) return empty(op, tensor.shape(), options);
  std::shared_ptr<Storage> storage = new_storage(op, tensor.shape(), options, [&](Device device) {
    return std::make_shared<Storage>(device, options.dtype, tensor.numel());
  });
  Tensor result(std::move(storage), {tensor.shape(), tensor.strides()});
  if (options.requires_grad) result.set_requires_grad(true);
  if (result.is_meta()) with_op(op, [&] { Births::note(op, result); });
  return result;
}

Tensor empty_like(const Tensor& tensor, const TensorOptions& options) {
  return empty_like("empty_like", tensor, options);
}

Tensor empty_like(const Tensor& tensor) { return empty_like(tensor, like(tensor)); }

}  // namespace hollow
