#include "nn/init/kaiming.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nn/init/shards.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/ops/random.h"

namespace hollow::nn::init {
namespace {

double std_of(absl::string_view op, const Tensor& tensor, const KaimingOptions& options,
              const Shard* shard) {
  const Fans fans = fans_of(op, tensor, shard);
  if (!std::isfinite(options.a)) {
    throw Error(ErrorCode::kValue, op,
                absl::StrCat("a must be finite; it is ", options.a, ", for ", describe(tensor)));
  }
  const double gain = calculate_gain(options.nonlinearity, options.a);
  const int64_t fan = options.mode == FanMode::kFanIn ? fans.fan_in : fans.fan_out;
  if (fan == 0) return 0;  // there are no elements
  return gain / std::sqrt(static_cast<double>(fan));
}

}  // namespace

Writer kaiming_uniform(KaimingOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    kaiming_uniform_(tensor, options, key, shard);
  };
}

void kaiming_uniform_(const Tensor& tensor, const KaimingOptions& options, RngKey key,
                      const Shard* shard) {
  const double bound = std::sqrt(3.0) * std_of("kaiming_uniform_", tensor, options, shard);
  uniform_(tensor, -bound, bound, key, shard);
}

Writer kaiming_normal(KaimingOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    kaiming_normal_(tensor, options, key, shard);
  };
}

void kaiming_normal_(const Tensor& tensor, const KaimingOptions& options, RngKey key,
                     const Shard* shard) {
  normal_(tensor, 0, std_of("kaiming_normal_", tensor, options, shard), key, shard);
}

}  // namespace hollow::nn::init
