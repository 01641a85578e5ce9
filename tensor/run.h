// The one door between ops and kernels.
//
//   Tensor layer_scale(const Tensor& x, const Tensor& gamma) {
//     check_scaled("layer_scale", x, gamma);                // the rule: on every device
//     Tensor y = empty("layer_scale", x.shape(), x);  // the result: likewise
//     run<Floats>("layer_scale", y, {&x, &gamma}, kLayerScale, rows, dim);
//     return y;
//   }
//
// run, in this order, and with an Error that names op and tensors where it does not hold:
//   1. all operands are on one device, or all on meta; all have the output's dtype, and it is in
//      the list; the output does not repeat elements, and overlaps no input unless it is that
//      input, and no other output;
//   2. on meta: returns;
//   3. every element of every input was written;
//   4. calls kernel(place, y, inputs..., args...) with typed pointers to the first elements;
//   5. the output's elements have been written.
//
// A kernel is a function object without state that takes its parameters by value, so that a call is
// data. One that takes inputs of other dtypes than its output's says so with a member kMixedDTypes,
// and gets their dtypes as parameters. An in-place op lists its output as an input as well. An op
// with several outputs gives them in braces, too:
//
//   run<Floats>(op, {&grad_x, &grad_gamma}, {&grad_y, &x, &gamma}, kBackward, alpha, rows, dim);
#ifndef HOLLOW_TENSOR_RUN_H_
#define HOLLOW_TENSOR_RUN_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/place.h"
#include "tensor/stream.h"
#include "tensor/tensor.h"

namespace hollow {

// An input as it is walked beside the output: seen in its shape. Checks here what run would find of
// device and dtype, so that the error describes the tensor that the caller gave.
Tensor operand(absl::string_view op, const Tensor& output, const Tensor& input);

// Calls run(), which runs with operands in other shapes than those that the caller gave: it is the
// latter that an error of missing values describes.
template <typename Run>
void run_with(absl::string_view op, std::initializer_list<const Tensor*> given, Run run) {
  try {
    run();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUninitialized) {
      for (const Tensor* const each : given) require_written(op, *each);
    }
    throw;
  }
}

// The way of run, and of nothing else, to a tensor's memory.
struct TensorAccess {
  static void* data(const Tensor& tensor) { return tensor.raw_data(); }
};

namespace internal {

using Operands = absl::Span<const Tensor* const>;

// Steps 1 and 3, and the errors. False on meta, where there is nothing left to do. Inputs may be of
// other dtypes where `one_dtype` is false.
bool prepare(absl::string_view op, Operands outputs, Operands inputs, bool one_dtype);

// Whether prepare would find nothing to say, for the common case: outputs that nobody has to be
// told of and inputs that are ready, each in a storage of its own. In a few nanoseconds, so it is
// inlined, with its loops unrolled.
template <size_t kOutputs, size_t kInputs>
[[gnu::always_inline]] inline bool is_ready(const std::array<const Tensor*, kOutputs>& outputs,
                                            const std::array<const Tensor*, kInputs>& inputs) {
  for (size_t i = 0; i < kOutputs; ++i) {
    const Tensor& output = *outputs[i];
    const Storage* const to = output.storage().get();
    const StorageWord word = to->word();
    if (!word.is_writable_unannounced()) return false;
    if (!output.is_contiguous() && output.layout().repeats()) return false;
    if (i > 0 && to == outputs[0]->storage().get()) return false;
    for (size_t k = 0; k < kInputs; ++k) {
      const Tensor& input = *inputs[k];
      const Storage* const from = input.storage().get();
      if (!from->word().is_ready_beside(word)) return false;
      if (from == to && &input != &output && input.layout() != output.layout()) return false;
    }
  }
  return true;
}

// Step 4: from device and dtype, which are values, to the kernel, which is an overload. No checks.
template <typename Types, size_t kOutputs, size_t kInputs, typename Kernel, typename... Args>
void dispatch(absl::string_view op, const std::array<const Tensor*, kOutputs>& outputs,
              const std::array<const Tensor*, kInputs>& inputs, Kernel kernel,
              const Args&... args) {
  const Device device = outputs[0]->device();
  visit_dtype<Types>(op, outputs[0]->dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    visit_place(device, current_stream(device), [&](auto place) {
      [&]<size_t... kOutput, size_t... kInput>(std::index_sequence<kOutput...>,
                                               std::index_sequence<kInput...>) {
        kernel(place, static_cast<T*>(TensorAccess::data(*outputs[kOutput]))...,
               static_cast<const T*>(TensorAccess::data(*inputs[kInput]))..., args...);
      }
      (std::make_index_sequence<kOutputs>{}, std::make_index_sequence<kInputs>{});
    });
  });
}

template <typename Types, size_t kOutputs, size_t kInputs, typename Kernel, typename... Args>
void launch(OpName op, const std::array<const Tensor*, kOutputs>& outputs,
            const std::array<const Tensor*, kInputs>& inputs, Kernel kernel, const Args&... args) {
  constexpr bool kOneDType = !requires { Kernel::kMixedDTypes; };
  // Two outputs are alike because both are like an input.
  static_assert(kOutputs == 1 || (kOutputs == 2 && kInputs > 0 && kOneDType));
  about({outputs[0]}, [&] { check_dtype(op, Types{}, outputs[0]->dtype()); });
  if (!kOneDType || !is_ready(outputs, inputs)) {
    if (!prepare(op, outputs, inputs, kOneDType)) return;
  }
  with_op(op, [&] {
    const StreamOrder order(op, outputs[0]->device(), [&] {
      std::array<Storage*, kOutputs + kInputs> storages;
      for (size_t i = 0; i < kOutputs; ++i) storages[i] = outputs[i]->storage().get();
      for (size_t i = 0; i < kInputs; ++i) storages[kOutputs + i] = inputs[i]->storage().get();
      return storages;
    });
    dispatch<Types>(op, outputs, inputs, kernel, args...);
    for (const Tensor* const output : outputs) {
      output->storage()->mark_written(op, output->layout());
    }
  });
}

}  // namespace internal

template <typename Types, size_t kInputs, typename Kernel, typename... Args>
void run(OpName op, const Tensor& y, const Tensor* const (&inputs)[kInputs], Kernel kernel,
         const Args&... args) {
  internal::launch<Types>(op, std::array{&y}, std::to_array(inputs), kernel, args...);
}

template <typename Types, size_t kOutputs, size_t kInputs, typename Kernel, typename... Args>
void run(OpName op, const Tensor* const (&outputs)[kOutputs],
         const Tensor* const (&inputs)[kInputs], Kernel kernel, const Args&... args) {
  internal::launch<Types>(op, std::to_array(outputs), std::to_array(inputs), kernel, args...);
}

// For an op without inputs.
template <typename Types, typename Kernel, typename... Args>
void run(OpName op, const Tensor& y, Kernel kernel, const Args&... args) {
  internal::launch<Types>(op, std::array{&y}, std::array<const Tensor*, 0>{}, kernel, args...);
}

// The kernel of an op without inputs that has nothing to do: on meta, or where the memory is as it
// should be. What checks the tensor, and marks it as written, is run, as for any other.
inline constexpr auto kLeave = []<typename T>(auto, T*) {};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_RUN_H_
