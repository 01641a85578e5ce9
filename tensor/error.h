// The one exception of tensor/ and nn/.
//
//   try {
//     float g = ls1.gamma().item<float>();
//   } catch (const hollow::Error& error) {
//     // error.what():
//     //   item: "ls1.gamma" [1] f32 on cpu (allocated), declared by hollow::nn::LayerScale "ls1",
//     //   is not ready: 1 of 1 elements were never written, the first is element 0 of its storage;
//     //   write them with materialize() or reset_parameters() of its module, or copy_() or fill_()
//     if (error.code() == hollow::ErrorCode::kUninitialized) ...
//   }
//
// An Error names the op, the tensors with their shape, dtype, device and state, and the call that
// mends it. Whatever throws one has changed nothing, unless its own comment says otherwise.
#ifndef HOLLOW_TENSOR_ERROR_H_
#define HOLLOW_TENSOR_ERROR_H_

#include <new>
#include <stdexcept>
#include <string>

#include "absl/strings/string_view.h"
#include "kernels/failure.h"

namespace hollow {

enum class ErrorCode {
  kShape,          // sizes that do not fit each other, or an index out of range
  kDType,          // an element type that the op does not take, or two that differ
  kDevice,         // operands on different devices, or a device that is not there
  kMeta,           // needs values or memory, and the tensor has none
  kUninitialized,  // needs values that nobody wrote
  kAlias,          // an output that partly overlaps an input, or repeats its own elements
  kOutOfMemory,    // the device has not that much; nothing was allocated
  kCuda,           // a CUDA call failed
  kKey,            // a name that is malformed, taken or unknown
  kWriter,         // a slot without a writer, or a writer that left elements unwritten
  kSealed,         // loaded values that initializers must keep, and nothing else to write
  kChanged,        // would lose values that cannot be regenerated
  kValue,          // an argument out of its range
  kUnsupported,    // not built into this version
};

// The code as it is printed: "shape", "out_of_memory", ...
absl::string_view to_string(ErrorCode code);

class Error : public std::runtime_error {
 public:
  // what() is "op: message".
  Error(ErrorCode code, absl::string_view op, absl::string_view message);

  ErrorCode code() const { return code_; }
  const std::string& op() const { return op_; }
  // what() without the op.
  absl::string_view message() const { return absl::string_view(what()).substr(op_.size() + 2); }

 private:
  ErrorCode code_;
  std::string op_;
};

// Throws the kernels::Failure, std::bad_alloc or Error that is being handled as an Error of this
// op, about that subject where there is one.
[[noreturn]] void rethrow_as_error(absl::string_view op, absl::string_view subject);

// Calls function(); what leaves it that is not yet an Error becomes one of this op, about
// subject(). So does the end of memory that another op has met on the way.
template <typename Function, typename Subject>
decltype(auto) with_op(absl::string_view op, Function&& function, Subject&& subject) {
  try {
    return function();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kOutOfMemory || error.op() == op) throw;
    rethrow_as_error(op, absl::string_view());
  } catch (const kernels::Failure&) {
    rethrow_as_error(op, subject());
  } catch (const std::bad_alloc&) {
    rethrow_as_error(op, subject());
  }
}

template <typename Function>
decltype(auto) with_op(absl::string_view op, Function&& function) {
  return with_op(op, function, [] { return absl::string_view(); });
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_ERROR_H_
