// A tensor is a small handle: a shared storage, and the layout by which it is seen.
//
//   Tensor w = zeros({4, 6});
//   Tensor row = w.select(0, 2);          // a view: the same storage
//   fill_(row, 1.0f);                     // w sees it
//   float corner = w.narrow(0, 2, 1).narrow(1, 0, 1).item<float>();
//
// Copying a Tensor copies the handle. It is a handle in its constness too: `const Tensor&` promises
// not to re-point it, and in-place ops take one, so that they take views as well.
//
// Members describe a tensor, view it, and carry values in and out. Arithmetic is in tensor/ops.
// Members that need values throw Error(kMeta) on meta and Error(kUninitialized) where an element
// that they would read was never written; the error names the tensor, and all unfinished ones of
// the same root module.
#ifndef HOLLOW_TENSOR_TENSOR_H_
#define HOLLOW_TENSOR_TENSOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/error.h"    // IWYU pragma: export
#include "tensor/op_name.h"  // IWYU pragma: export
#include "tensor/shape.h"
#include "tensor/storage.h"

namespace hollow {

// How a factory makes a tensor.
struct TensorOptions {
  DType dtype = DType::kF32;
  std::optional<Device> device;  // where none is given, default_device()
  bool requires_grad = false;    // floating dtypes only
};

class Tensor {
 public:
  // For factories and modules; the layout must lie within the storage.
  Tensor(std::shared_ptr<Storage> storage, Layout layout)
      : storage_(std::move(storage)),
        layout_(std::move(layout)),
        is_contiguous_(layout_.is_contiguous()) {}
  // All of a storage, contiguous.
  static Tensor whole(std::shared_ptr<Storage> storage, const Shape& shape) {
    return Tensor(Whole{}, std::move(storage), shape);
  }

  // --- what it is; all of it answers on meta ---
  const Shape& shape() const { return layout_.shape; }
  const Strides& strides() const { return layout_.strides; }
  int64_t storage_offset() const { return layout_.offset; }
  const Layout& layout() const { return layout_; }
  int64_t dim() const { return static_cast<int64_t>(layout_.shape.size()); }
  int64_t size(int64_t dim) const;
  int64_t numel() const { return layout_.numel(); }
  int64_t nbytes() const { return numel() * static_cast<int64_t>(item_size(dtype())); }
  DType dtype() const { return storage_->dtype(); }
  Device device() const { return storage_->device(); }
  bool is_contiguous() const { return is_contiguous_; }

  // The life cycle is the storage's; is_initialized() is about this tensor's own elements.
  State state() const { return storage_->state(); }
  bool is_meta() const { return state() == State::kMeta; }
  bool is_initialized() const { return storage_->is_written(layout_); }

  // Metadata of the storage, for an optimizer to read: ties and views share it. Setting it on an
  // integer or bool tensor throws Error(kDType).
  bool requires_grad() const { return storage_->requires_grad(); }
  void set_requires_grad(bool requires_grad) const;

  // The qualified name of the slot that declared the storage; empty if none did.
  std::string name() const;

  const std::shared_ptr<Storage>& storage() const { return storage_; }
  // Whether both are handles on one storage, by one layout.
  bool is_same(const Tensor& other) const {
    return storage_ == other.storage_ && layout_ == other.layout_;
  }

  // --- views: the same storage, on every device; Error(kShape) for what does not fit ---
  // One size may be -1, and is worked out. A view where the strides allow one; else a contiguous
  // copy, which needs values.
  Tensor reshape(Shape shape) const;
  Tensor transpose(int64_t dim0, int64_t dim1) const;
  Tensor permute(const Shape& dims) const;
  // Elements [start, start + length) of a dimension.
  Tensor narrow(int64_t dim, int64_t start, int64_t length) const;
  // One index of a dimension, which is dropped. -1 is the last.
  Tensor select(int64_t dim, int64_t index) const;
  // Stretches sizes of 1, and adds dimensions in front, without memory; can be read, not written.
  Tensor expand(const Shape& shape) const;
  // Itself where it is contiguous, else a contiguous copy.
  Tensor contiguous() const;

  // --- values ---
  // Of another tensor, which may be on another device, of another dtype, and broadcasts. On meta
  // checks the shape and does nothing; a meta source into real memory is an Error(kMeta).
  void copy_(const Tensor& source) const;

  // A new tensor with these values and strides (a contiguous one where this one has gaps or
  // repeats).
  Tensor clone() const;
  // This tensor, if it has the device (the dtype) already, else a new one. to(Device::meta()) gives
  // the description alone. A meta tensor goes nowhere: that is what to_empty is for.
  Tensor to(Device device) const;
  Tensor to(DType dtype) const;

  // The only element, or all of them in row-major order, converted to T from any device.
  template <typename T>
  T item() const;
  template <typename T>
  std::vector<T> to_vector() const;

  // The first element's address on the tensor's device. T must be the dtype's own type, and every
  // element must have been written, also for mutable_data: new memory is filled by write.
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(data_at("data", dtype_of<T>()));
  }
  template <typename T>
  T* mutable_data() const {
    return static_cast<T*>(mutable_data_at("mutable_data", dtype_of<T>()));
  }

  // Calls fill with room for all elements in row-major order on the host; when it returns, they
  // have been written here, converted to the dtype. Where it throws, elements that had values count
  // as written still, whatever is there by now, and others do not. On meta does not call.
  // Error(kAlias) for an expanded tensor.
  template <typename T>
  void write(absl::FunctionRef<void(absl::Span<T>)> fill) const;

 private:
  struct Whole {};
  Tensor(Whole, std::shared_ptr<Storage> storage, const Shape& shape)
      : storage_(std::move(storage)),
        layout_{shape, contiguous_strides(shape)},
        is_contiguous_(true) {}

  void* data_at(absl::string_view op, DType dtype) const;
  void* mutable_data_at(OpName op, DType dtype) const;
  // Where the layout's first element is. Null on meta.
  void* raw_data() const {
    char* const first = static_cast<char*>(storage_->data());
    return first == nullptr ? nullptr
                            : first + layout_.offset * static_cast<int64_t>(item_size(dtype()));
  }
  int own_dim(absl::string_view op, int64_t dim) const;
  Tensor view(Layout layout) const { return Tensor(storage_, std::move(layout)); }

  friend struct TensorAccess;

  std::shared_ptr<Storage> storage_;
  Layout layout_;
  bool is_contiguous_;  // of the layout; asked before every kernel
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_TENSOR_H_
