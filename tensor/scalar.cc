#include "tensor/scalar.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"

namespace hollow {

void Scalar::check_fits(absl::string_view op, DType dtype) const {
  bool fits = true;
  const auto check = [&](auto tag, auto value) {
    using T = typename decltype(tag)::Type;
    const T converted = kernels::convert<T>(value);
    if constexpr (kernels::kIsFloating<T>) {
      fits = !std::isfinite(static_cast<double>(value)) ||
             std::isfinite(static_cast<float>(converted));
    } else {
      fits = static_cast<double>(converted) == static_cast<double>(value);
    }
  };
  visit_dtype<AllTypes>(op, dtype, [&](auto tag) {
    std::visit([&](auto value) { check(tag, value); }, value_);
  });
  if (fits) return;
  const std::string value = std::visit([](auto number) { return absl::StrCat(number); }, value_);
  throw Error(ErrorCode::kValue, op,
              absl::StrCat("the value ", value, " does not fit into ", to_string(dtype),
                           "; give one that does, or a tensor of another dtype"));
}

}  // namespace hollow
