#include "tensor/ops/random.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "kernels/distributions.h"
#include "kernels/random.h"
#include "kernels/truncated_normal.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/index.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kRandom = []<typename T>(auto place, T* y, const kernels::Strided<1>& index,
                                        kernels::RandomStream stream, const auto& fill) {
  kernels::random(place, y, index, stream, fill);
};

template <typename Fill>
void random_(absl::string_view op, const Tensor& tensor, const Fill& fill, RngKey key) {
  run<Floats>(op, tensor, kRandom, index_of({&tensor.layout()}),
              kernels::RandomStream{key.bits(), key.generation()}, fill);
}

void require(bool holds, absl::string_view op, const Tensor& tensor, absl::string_view what,
             double first, double second) {
  if (holds) return;
  throw Error(
      ErrorCode::kValue, op,
      absl::StrCat(what, "; they are ", first, " and ", second, ", for ", describe(tensor)));
}

// What an f32 cannot hold is not finite here.
bool finite(double value) { return std::isfinite(static_cast<float>(value)); }

}  // namespace

void uniform_(const Tensor& tensor, double low, double high, RngKey key) {
  require(finite(low) && finite(high) && low <= high, "uniform_", tensor,
          "low and high must be finite, and low at most high", low, high);
  random_("uniform_", tensor, kernels::UniformFill{kernels::make_uniform(low, high)}, key);
}

void normal_(const Tensor& tensor, double mean, double std, RngKey key) {
  require(finite(mean) && finite(std) && std >= 0, "normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  random_("normal_", tensor, kernels::NormalFill{kernels::make_normal(mean, std)}, key);
}

void trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RngKey key) {
  require(finite(mean) && finite(std) && std >= 0, "trunc_normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  require(a <= b && a < INFINITY && b > -INFINITY, "trunc_normal_", tensor,
          "a must be at most b, with a finite number between them", a, b);
  random_("trunc_normal_", tensor,
          kernels::TruncatedNormalFill{kernels::make_truncated_normal(mean, std, a, b)}, key);
}

}  // namespace hollow
