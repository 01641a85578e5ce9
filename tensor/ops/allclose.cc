#include "tensor/ops/allclose.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"

namespace hollow {
namespace {

// Exact for every dtype: a long double has 64 bits of mantissa, or more, wherever we build.
std::vector<long double> widened(const Tensor& tensor) {
  std::vector<long double> wide;
  const auto append = [&](const auto& values) { wide.assign(values.begin(), values.end()); };
  if (is_floating_point(tensor.dtype())) {
    append(tensor.to_vector<double>());
  } else {
    append(tensor.to_vector<int64_t>());
  }
  return wide;
}

}  // namespace

bool allclose(const Tensor& a, const Tensor& b, Tolerance tolerance) {
  if (a.shape() != b.shape()) {
    throw Error(ErrorCode::kShape, "allclose",
                absl::StrCat("shapes differ: ", describe(a), " and ", describe(b)));
  }
  require_values("allclose", a);
  require_values("allclose", b);
  const auto close = [tolerance](long double from_a, long double from_b) {
    return from_a == from_b || (std::isfinite(from_b) &&
                                std::abs(from_a - from_b) <=
                                    tolerance.absolute + tolerance.relative * std::abs(from_b));
  };
  return with_op("allclose", [&] {
    const std::vector<long double> values_a = widened(a);
    const std::vector<long double> values_b = widened(b);
    return std::equal(values_a.begin(), values_a.end(), values_b.begin(), close);
  });
}

bool same_bits(const Tensor& a, const Tensor& b) {
  require_values("same_bits", a);
  require_values("same_bits", b);
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (a.is_same(b) || a.numel() == 0) return true;
  return with_op("same_bits", [&] {
    const Tensor x = a.to(Device::cpu()).contiguous();
    const Tensor y = b.to(Device::cpu()).contiguous();
    bool same = false;
    visit_dtype<AllTypes>("same_bits", x.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::Type;
      same = std::memcmp(x.data<T>(), y.data<T>(), static_cast<size_t>(x.nbytes())) == 0;
    });
    return same;
  });
}

}  // namespace hollow
