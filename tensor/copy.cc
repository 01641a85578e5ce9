// The members of Tensor that carry values between tensors, devices, dtypes and the host.

#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/dtypes.h"
#include "kernels/elementwise.h"
#include "kernels/memory.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/op_name.h"
#include "tensor/run.h"
#include "tensor/tensor.h"

namespace hollow {
namespace {

struct CastKernel {
  static constexpr bool kMixedDTypes = true;

  template <typename Place, typename T>
  void operator()(Place place, T* y, const void* x, const kernels::Strided<2>& index,
                  DType from) const {
    visit_dtype<AllTypes>("copy_", from, [&](auto tag) {
      kernels::cast(place, y, static_cast<const typename decltype(tag)::Type*>(x), index);
    });
  }
};

// Both on one device, of one shape.
void cast_into(OpName op, const Tensor& y, const Tensor& x) {
  run<AllTypes>(op, y, {&x}, CastKernel{}, index_of({&y.layout(), &x.layout()}), x.dtype());
}

// Both dense with the same strides, of one dtype, on two devices.
void move_bytes(OpName op, const Tensor& y, const Tensor& x) {
  with_op(op, [&] {
    Storage* const to = y.storage().get();
    Storage* const from = x.storage().get();
    to->expect_write(y.layout());
    // In one order for both directions, so that two threads cannot wait for each other.
    const bool to_first = to->device().index() < from->device().index();
    const StreamOrder first(op, (to_first ? to : from)->device(), {to_first ? to : from});
    const StreamOrder second(op, (to_first ? from : to)->device(), {to_first ? from : to});
    visit_place(to->device(), current_stream(to->device()), [&](auto to_place) {
      visit_place(from->device(), current_stream(from->device()), [&](auto from_place) {
        kernels::copy(to_place, TensorAccess::data(y), from_place, TensorAccess::data(x),
                      static_cast<size_t>(x.nbytes()));
      });
    });
  });
  y.storage()->mark_written(op, y.layout());
}

void copy_into(OpName op, const Tensor& y, const Tensor& x) {
  const Tensor source = with_op(op, [&] {
    return about({&y, &x},
                 [&] { return Tensor(x.storage(), expanded(op, x.layout(), y.shape())); });
  });
  require_writable(op, y);
  require_no_overlap(op, y, source);
  if (y.is_meta()) return;
  require_values(op, x);
  if (y.storage() == x.storage() && y.layout().is_equivalent(source.layout())) return;
  if (y.device() == x.device()) return cast_into(op, y, source);

  const Tensor converted = source.to(y.dtype());
  if (y.layout().is_dense() && converted.layout().is_dense() &&
      y.strides() == converted.strides()) {
    return move_bytes(op, y, converted);
  }
  if (y.is_contiguous()) return move_bytes(op, y, converted.contiguous());
  const Tensor landing = empty(op, y.shape(), y);
  move_bytes(op, landing, converted.contiguous());
  cast_into(op, y, landing);
}

}  // namespace

void Tensor::copy_(const Tensor& source) const { copy_into("copy_", *this, source); }

Tensor Tensor::clone() const {
  Tensor result = empty_like("clone", *this, like(*this));
  copy_into("clone", result, *this);
  return result;
}

Tensor Tensor::contiguous() const {
  if (is_contiguous()) return *this;
  Tensor result = empty("contiguous", shape(), *this);
  copy_into("contiguous", result, *this);
  return result;
}

Tensor Tensor::to(Device device) const {
  if (device == this->device()) return *this;
  if (is_meta()) {
    throw Error(ErrorCode::kMeta, "to",
                absl::StrCat(describe(*this), " has no values to take to ", to_string(device),
                             "; to_empty gives it memory there"));
  }
  Tensor result = empty_like("to", *this, {.dtype = dtype(), .device = device});
  copy_into("to", result, *this);
  return result;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == this->dtype()) return *this;
  Tensor result = empty_like("to", *this, {.dtype = dtype, .device = device()});
  copy_into("to", result, *this);
  return result;
}

template <typename T>
T Tensor::item() const {
  if (numel() != 1) {
    throw Error(ErrorCode::kShape, "item",
                absl::StrCat(describe(*this), " has ", numel(),
                             " elements, not one; select one, or use to_vector()"));
  }
  require_values("item", *this);
  return with_op("item", [&]() -> T { return to_vector<T>().front(); });
}

template <typename T>
std::vector<T> Tensor::to_vector() const {
  require_values("to_vector", *this);
  return with_op("to_vector", [&] {
    const Tensor host = to(Device::cpu()).to(dtype_of<T>()).contiguous();
    const T* const first = static_cast<const T*>(host.raw_data());
    return std::vector<T>(first, first + host.numel());
  });
}

template <typename T>
void Tensor::write(absl::FunctionRef<void(absl::Span<T>)> fill) const {
  require_writable("write", *this);
  if (is_meta()) return;
  if (device().is_cpu() && dtype() == dtype_of<T>() && is_contiguous()) {
    storage_->expect_write(layout_);
    try {
      fill(absl::Span<T>(static_cast<T*>(raw_data()), static_cast<size_t>(numel())));
    } catch (...) {
      storage_->mark_disturbed("write", layout_);
      throw;
    }
    storage_->mark_written("write", layout_);
    return;
  }
  const Tensor staged = empty("write", shape(), {.dtype = dtype_of<T>(), .device = Device::cpu()});
  staged.write<T>(fill);
  copy_into("write", *this, staged);
}

#define HOLLOW_VALUES(T)                                \
  template T Tensor::item<T>() const;                   \
  template std::vector<T> Tensor::to_vector<T>() const; \
  template void Tensor::write<T>(absl::FunctionRef<void(absl::Span<T>)>) const;
HOLLOW_ALL(HOLLOW_VALUES)

}  // namespace hollow
