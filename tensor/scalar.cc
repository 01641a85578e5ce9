#include "tensor/scalar.h"

#include <cmath>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"

namespace hollow {

void Scalar::check_fits(absl::string_view op, DType dtype) const {
  if (is_floating_point(dtype)) return;
  using Integers = TypeList<int64_t, bool>;
  bool fits = true;
  const auto check = [&](auto tag, auto value) {
    using T = typename decltype(tag)::Type;
    const double exact = static_cast<double>(value);
    fits = static_cast<double>(kernels::convert<T>(value)) == exact;
    // A double of 2^63 is what INT64_MAX, to which it saturates, rounds to.
    if constexpr (std::is_same_v<decltype(value), double>) fits = fits && exact < 0x1p63;
  };
  visit_dtype<Integers>(
      op, dtype, [&](auto tag) { std::visit([&](auto value) { check(tag, value); }, value_); });
  if (fits) return;
  const std::string value = std::visit([](auto number) { return absl::StrCat(number); }, value_);
  throw Error(ErrorCode::kValue, op,
              absl::StrCat("the value ", value, " does not fit into ", to_string(dtype),
                           "; give one that does, or a tensor of another dtype"));
}

bool Scalar::is_zero_bits() const {
  const double exact = std::visit([](auto value) { return static_cast<double>(value); }, value_);
  return exact == 0 && !std::signbit(exact);
}

}  // namespace hollow
