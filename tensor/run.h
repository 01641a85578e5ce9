// The one door between ops and kernels.
//
//   Tensor layer_scale(const Tensor& x, const Tensor& gamma) {
//     Tensor y = empty(layer_scale_shape(x, gamma), like(x));      // rule and result: every device
//     run<Floats>("layer_scale", y, {&x, &gamma}, kLayerScale, rows, dim);   // where there is
//     memory return y;
//   }
//
// run, in this order, and with an Error that names op and tensors where it does not hold:
//   1. all operands are on one device, or all on meta; all have the output's dtype, and it is in
//      the list; the output does not repeat elements, and overlaps no input unless it is that
//      input;
//   2. on meta: returns;
//   3. every element of every input was written;
//   4. calls kernel(place, y, inputs..., args...) with typed pointers to the first elements;
//   5. the output's elements have been written.
//
// A kernel is a function object without state that takes its parameters by value, so that a call is
// data. One that takes inputs of other dtypes than its output's says so with a member kMixedDTypes,
// and gets their dtypes as parameters. An in-place op lists its output as an input as well.
#ifndef HOLLOW_TENSOR_RUN_H_
#define HOLLOW_TENSOR_RUN_H_

#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"
#include "tensor/place.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace hollow {

// An input as it is walked beside the output: seen in its shape. Checks here what run would find,
// so that the error describes the tensor that the caller gave.
Tensor operand(absl::string_view op, const Tensor& output, const Tensor& input);

// The way of run, and of nothing else, to a tensor's memory.
struct TensorAccess {
  static void* data(const Tensor& tensor) { return tensor.raw_data(); }
};

namespace internal {

// Steps 1 and 3, and the errors. False on meta, where there is nothing left to do. Inputs may be of
// other dtypes where `one_dtype` is false.
bool prepare(absl::string_view op, const Tensor& output, absl::Span<const Tensor* const> inputs,
             bool one_dtype);

// Whether prepare would find nothing to say, for the common case: an output that nobody has to be
// told of and inputs that are ready, each in a storage of its own. In a few nanoseconds.
inline bool is_ready(const Tensor& output, absl::Span<const Tensor* const> inputs) {
  const Storage* const to = output.storage().get();
  const StorageWord word = to->word();
  if (word.state() == State::kMeta || word.pristine_or_zero() || output.layout().repeats()) {
    return false;
  }
  for (const Tensor* const input : inputs) {
    const Storage* const from = input->storage().get();
    if (!from->word().is_ready_beside(word)) return false;
    if (from == to && input != &output && input->layout() != output.layout()) return false;
  }
  return true;
}

// Step 4: from device and dtype, which are values, to the kernel, which is an overload. No checks.
template <typename Types, size_t kInputs, typename Kernel, typename... Args>
void dispatch(absl::string_view op, const Tensor& y,
              const std::array<const Tensor*, kInputs>& inputs, Kernel kernel,
              const Args&... args) {
  const Device device = y.device();
  visit_dtype<Types>(op, y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    visit_place(device, current_stream(device), [&](auto place) {
      [&]<size_t... kIndex>(std::index_sequence<kIndex...>) {
        kernel(place, static_cast<T*>(TensorAccess::data(y)),
               static_cast<const T*>(TensorAccess::data(*inputs[kIndex]))..., args...);
      }
      (std::make_index_sequence<kInputs>{});
    });
  });
}

template <typename Types, size_t kInputs, typename Kernel, typename... Args>
void launch(absl::string_view op, const Tensor& y, const std::array<const Tensor*, kInputs>& inputs,
            Kernel kernel, const Args&... args) {
  constexpr bool kOneDType = !requires { Kernel::kMixedDTypes; };
  if (!kOneDType || !is_ready(y, inputs)) {
    if (!prepare(op, y, inputs, kOneDType)) return;
  }
  with_op(op, [&] {
    std::array<Storage*, kInputs + 1> storages{y.storage().get()};
    for (size_t i = 0; i < kInputs; ++i) storages[i + 1] = inputs[i]->storage().get();
    const StreamOrder order(op, y.device(), storages);
    dispatch<Types>(op, y, inputs, kernel, args...);
    y.storage()->mark_written(op, y.layout());
  });
}

}  // namespace internal

template <typename Types, size_t kInputs, typename Kernel, typename... Args>
void run(absl::string_view op, const Tensor& y, const Tensor* const (&inputs)[kInputs],
         Kernel kernel, const Args&... args) {
  about({&y}, [&] { check_dtype(op, Types{}, y.dtype()); });
  internal::launch<Types>(op, y, std::to_array(inputs), kernel, args...);
}

// For an op without inputs.
template <typename Types, typename Kernel, typename... Args>
void run(absl::string_view op, const Tensor& y, Kernel kernel, const Args&... args) {
  about({&y}, [&] { check_dtype(op, Types{}, y.dtype()); });
  internal::launch<Types>(op, y, std::array<const Tensor*, 0>{}, kernel, args...);
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_RUN_H_
