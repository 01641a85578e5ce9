#include "tensor/ops/random.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "kernels/distributions.h"
#include "kernels/random.h"
#include "kernels/truncated_normal.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/index.h"
#include "tensor/op_name.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kRandom = []<typename T>(auto place, T* y, const kernels::Strided<2>& index,
                                        int64_t first, kernels::RandomStream stream,
                                        const auto& fill) {
  kernels::random(place, y, index, first, stream, fill);
};

// Which element of the whole each of the tensor's is.
struct Elements {
  kernels::Strided<2> index;
  int64_t first = 0;
};

Elements elements_of(const Tensor& tensor, const Shard* shard) {
  if (tensor.is_meta()) return {};  // where describing a model should cost nothing
  const Layout layout = shard != nullptr
                            ? layout_in_whole(*shard)
                            : Layout{tensor.shape(), contiguous_strides(tensor.shape())};
  return {index_of({&tensor.layout(), &layout}), layout.offset};
}

template <typename Types, typename Fill>
void random_(OpName op, const Tensor& tensor, const Fill& fill, RngKey key, const Shard* shard) {
  if (shard != nullptr) about({&tensor}, [&] { check_shard(op, *shard, tensor.shape()); });
  const Elements elements = elements_of(tensor, shard);
  run<Types>(op, tensor, kRandom, elements.index, elements.first,
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

void uniform_(const Tensor& tensor, double low, double high, RngKey key, const Shard* shard) {
  require(finite(low) && finite(high) && low <= high, "uniform_", tensor,
          "low and high must be finite, and low at most high", low, high);
  random_<Floats>("uniform_", tensor, kernels::UniformFill{kernels::make_uniform(low, high)}, key,
                  shard);
}

void normal_(const Tensor& tensor, double mean, double std, RngKey key, const Shard* shard) {
  require(finite(mean) && finite(std) && std >= 0, "normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  random_<Floats>("normal_", tensor, kernels::NormalFill{kernels::make_normal(mean, std)}, key,
                  shard);
}

void trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RngKey key,
                   const Shard* shard) {
  require(finite(mean) && finite(std) && std >= 0, "trunc_normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  require(a <= b && a < INFINITY && b > -INFINITY, "trunc_normal_", tensor,
          "a must be at most b, with a finite number between them", a, b);
  random_<Floats>("trunc_normal_", tensor,
                  kernels::TruncatedNormalFill{kernels::make_truncated_normal(mean, std, a, b)},
                  key, shard);
}

void bernoulli_(const Tensor& tensor, double p, RngKey key, const Shard* shard) {
  if (!(p >= 0 && p <= 1)) {
    throw Error(ErrorCode::kValue, "bernoulli_",
                absl::StrCat("p must be from 0 to 1; it is ", p, ", for ", describe(tensor)));
  }
  random_<AllTypes>("bernoulli_", tensor, kernels::BernoulliFill{kernels::make_bernoulli(p)}, key,
                    shard);
}

void randint_(const Tensor& tensor, int64_t low, int64_t high, RngKey key, const Shard* shard) {
  if (low >= high) {
    throw Error(ErrorCode::kValue, "randint_",
                absl::StrCat("low must be less than high; they are ", low, " and ", high, ", for ",
                             describe(tensor)));
  }
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  random_<TypeList<int64_t>>("randint_", tensor, kernels::IntegerFill{{low, range}}, key, shard);
}

}  // namespace hollow
