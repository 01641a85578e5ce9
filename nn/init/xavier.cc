#include "nn/init/xavier.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nn/init/shards.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/ops/random.h"

namespace hollow::nn::init {
namespace {

double std_of(absl::string_view op, const Tensor& tensor, const XavierOptions& options,
              const Shard* shard) {
  const Fans fans = fans_of(op, tensor, shard);
  if (!std::isfinite(options.gain) || options.gain < 0) {
    throw Error(ErrorCode::kValue, op,
                absl::StrCat("gain must be finite and not negative; it is ", options.gain, ", for ",
                             describe(tensor)));
  }
  const double sum = static_cast<double>(fans.fan_in) + static_cast<double>(fans.fan_out);
  if (sum == 0) return 0;  // there are no elements
  return options.gain * std::sqrt(2.0 / sum);
}

}  // namespace

Writer xavier_uniform(XavierOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    xavier_uniform_(tensor, options, key, shard);
  };
}

void xavier_uniform_(const Tensor& tensor, const XavierOptions& options, RngKey key,
                     const Shard* shard) {
  const double bound = std::sqrt(3.0) * std_of("xavier_uniform_", tensor, options, shard);
  uniform_(tensor, -bound, bound, key, shard);
}

Writer xavier_normal(XavierOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    xavier_normal_(tensor, options, key, shard);
  };
}

void xavier_normal_(const Tensor& tensor, const XavierOptions& options, RngKey key,
                    const Shard* shard) {
  normal_(tensor, 0, std_of("xavier_normal_", tensor, options, shard), key, shard);
}

}  // namespace hollow::nn::init
