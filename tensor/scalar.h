// A number for a tensor of any dtype: a double, an integer or a bool, as it was written.
#ifndef HOLLOW_TENSOR_SCALAR_H_
#define HOLLOW_TENSOR_SCALAR_H_

#include <cstdint>
#include <type_traits>
#include <variant>

#include "absl/strings/string_view.h"
#include "tensor/dtype.h"

namespace hollow {

class Scalar {
 public:
  // Implicit, so that full({3}, 1) reads as it does.
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
  Scalar(T value)  // NOLINT(google-explicit-constructor)
      : value_(static_cast<Stored<T>>(value)) {
    // An unsigned number that no i64 holds.
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(int64_t)) {
      if (value > static_cast<T>(INT64_MAX)) value_ = static_cast<double>(value);
    }
  }

  // The value as a T. To f16 and bf16 it is rounded by way of f32.
  template <typename T>
  T to() const {
    return std::visit([](auto value) { return kernels::convert<T>(value); }, value_);
  }

  // Whether it is 0, 0.0 or false: zero bits in every dtype. -0.0 is not.
  bool is_zero_bits() const;

  // Throws Error(kValue) of that op where the dtype cannot hold the value: a fraction, NaN or a
  // number out of range in i64, anything but 0 and 1 in bool. Floating types round.
  void check_fits(absl::string_view op, DType dtype) const;

 private:
  template <typename T>
  using Stored =
      std::conditional_t<std::is_same_v<T, bool>, bool,
                         std::conditional_t<std::is_floating_point_v<T>, double, int64_t>>;

  std::variant<double, int64_t, bool> value_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_SCALAR_H_
