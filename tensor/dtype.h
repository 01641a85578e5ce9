// Element types: f32, f16 (IEEE half), bf16, f64, i64 and bool.
#ifndef HOLLOW_TENSOR_DTYPE_H_
#define HOLLOW_TENSOR_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <ostream>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kernels/scalar.h"

namespace hollow {

using kernels::BFloat16;
using kernels::Half;

enum class DType : uint8_t { kF32, kF16, kBF16, kF64, kI64, kBool };

// Bytes an element takes.
inline size_t item_size(DType dtype) {
  constexpr uint32_t kSizes = 0x188224;  // a digit each, from the last; a test asks the types
  return kSizes >> (4 * static_cast<uint32_t>(dtype)) & 0xf;
}

bool is_floating_point(DType dtype);

// "f32", "f16", "bf16", "f64", "i64", "bool".
absl::string_view to_string(DType dtype);
std::ostream& operator<<(std::ostream& out, DType dtype);

// The inverse of to_string; InvalidArgument, listing the names, for anything else.
absl::StatusOr<DType> parse_dtype(absl::string_view text);

// The DType of a C++ type: dtype_of<float>() is DType::kF32. Other types do not compile.
template <typename T>
constexpr DType dtype_of() = delete;
template <>
constexpr DType dtype_of<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_of<Half>() {
  return DType::kF16;
}
template <>
constexpr DType dtype_of<BFloat16>() {
  return DType::kBF16;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::kF64;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::kBool;
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_DTYPE_H_
