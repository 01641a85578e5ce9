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

// Fills from what make() gives, which may take a while: describing a model should cost nothing.
template <typename Types, typename Make>
void random_(OpName op, const Tensor& tensor, RngKey key, const Shard* shard, Make make) {
  if (shard != nullptr) about({&tensor}, [&] { check_shard(op, *shard, tensor.shape()); });
  if (tensor.is_meta()) return run<Types>(op, tensor, kLeave);
  // Which element of the whole each of the tensor's is.
  const Layout elements = with_op(op, [&] {
    return shard != nullptr ? layout_in_whole(*shard)
                            : Layout{tensor.shape(), contiguous_strides(tensor.shape())};
  });
  run<Types>(op, tensor, kRandom, index_of({&tensor.layout(), &elements}), elements.offset,
             kernels::RandomStream{key.bits(), key.generation()}, make());
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
  random_<Floats>("uniform_", tensor, key, shard,
                  [&] { return kernels::UniformFill{kernels::make_uniform(low, high)}; });
}

void normal_(const Tensor& tensor, double mean, double std, RngKey key, const Shard* shard) {
  require(finite(mean) && finite(std) && std >= 0, "normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  random_<Floats>("normal_", tensor, key, shard,
                  [&] { return kernels::NormalFill{kernels::make_normal(mean, std)}; });
}

void trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RngKey key,
                   const Shard* shard) {
  require(finite(mean) && finite(std) && std >= 0, "trunc_normal_", tensor,
          "mean and std must be finite, and std not negative", mean, std);
  require(a <= b && a < INFINITY && b > -INFINITY, "trunc_normal_", tensor,
          "a must be at most b, with a finite number between them", a, b);
  random_<Floats>("trunc_normal_", tensor, key, shard, [&] {
    return kernels::TruncatedNormalFill{kernels::make_truncated_normal(mean, std, a, b)};
  });
}

void bernoulli_(const Tensor& tensor, double p, RngKey key, const Shard* shard) {
  if (!(p >= 0 && p <= 1)) {
    throw Error(ErrorCode::kValue, "bernoulli_",
                absl::StrCat("p must be from 0 to 1; it is ", p, ", for ", describe(tensor)));
  }
  random_<AllTypes>("bernoulli_", tensor, key, shard,
                    [&] { return kernels::BernoulliFill{kernels::make_bernoulli(p)}; });
}

void randint_(const Tensor& tensor, int64_t low, int64_t high, RngKey key, const Shard* shard) {
  if (low >= high) {
    throw Error(ErrorCode::kValue, "randint_",
                absl::StrCat("low must be less than high; they are ", low, " and ", high, ", for ",
                             describe(tensor)));
  }
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  random_<TypeList<int64_t>>("randint_", tensor, key, shard, [&] {
    return kernels::IntegerFill{{low, range}};
  });
}

}  // namespace hollow
