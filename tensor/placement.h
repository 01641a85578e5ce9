// Giving, moving, converting and taking away the memory of storages, in place and all or nothing:
// each function prepares everything that can fail before it changes anything, so that an Error
// leaves every storage as it was. One placement runs at a time in the process; of two threads that
// give the same storage memory, one does and the other finds it there.
#ifndef HOLLOW_TENSOR_PLACEMENT_H_
#define HOLLOW_TENSOR_PLACEMENT_H_

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace hollow {

// Each storage once.
using Storages = std::vector<std::shared_ptr<Storage>>;

// Afterwards every storage is on the device. What has no memory gets some, without values; what is
// on another device is moved, with what was written of it; the rest is left alone. Throws
// Error(kOutOfMemory) with the name of the tensor that did not fit, and Error(kMeta) for
// Device::meta(), since that would destroy values.
void to_empty(absl::string_view op, const Storages& storages, Device device);

// The same for storages on devices of their own, in one plan.
struct Placing {
  std::shared_ptr<Storage> storage;
  Device device;
};
void place(absl::string_view op, const std::vector<Placing>& plan);

// The same for the storage of one tensor, and so for all handles on it.
void to_empty(const Tensor& tensor, Device device);

// Afterwards every storage is of the dtype, and what was written of it is converted. On meta and
// allocated storages there is nothing to convert.
void convert(absl::string_view op, const Storages& storages, DType dtype);

// Back to meta: values and memory are gone.
void release(absl::string_view op, const Storages& storages) noexcept;

// Gives `to`, which nobody else uses yet and which has as many elements, memory of its own and all
// that `from` is: device, dtype, values, which of them were written, by whom, and whether they are
// sealed. Where that fails, `to` is good for nothing but to be dropped.
void duplicate(absl::string_view op, const std::shared_ptr<Storage>& from, Storage& to);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_PLACEMENT_H_
