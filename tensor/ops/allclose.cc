#include "tensor/ops/allclose.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"

namespace hollow {
namespace {

template <typename T>
bool all_close(const Tensor& a, const Tensor& b, Tolerance tolerance) {
  const auto close = [tolerance](T value_a, T value_b) {
    const double from_a = static_cast<double>(value_a);
    const double from_b = static_cast<double>(value_b);
    if (value_a == value_b) return true;
    return std::isfinite(from_b) && std::abs(from_a - from_b) <=
                                        tolerance.absolute + tolerance.relative * std::abs(from_b);
  };
  const std::vector<T> values_a = a.to_vector<T>();
  const std::vector<T> values_b = b.to_vector<T>();
  return std::equal(values_a.begin(), values_a.end(), values_b.begin(), close);
}

}  // namespace

bool allclose(const Tensor& a, const Tensor& b, Tolerance tolerance) {
  if (a.shape() != b.shape()) {
    throw Error(ErrorCode::kShape, "allclose",
                absl::StrCat("shapes differ: ", describe(a), " and ", describe(b)));
  }
  require_values("allclose", a);
  require_values("allclose", b);
  const bool floating = is_floating_point(a.dtype()) || is_floating_point(b.dtype());
  return floating ? all_close<float>(a, b, tolerance) : all_close<int64_t>(a, b, tolerance);
}

}  // namespace hollow
