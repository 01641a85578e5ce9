#include "nn/init/distributions.h"

namespace hollow::nn::init {

Writer uniform(double low, double high) {
  return [=](const Tensor& tensor, RngKey key, const Shard* shard) {
    uniform_(tensor, low, high, key, shard);
  };
}

Writer normal(NormalOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    normal_(tensor, options, key, shard);
  };
}

void normal_(const Tensor& tensor, const NormalOptions& options, RngKey key, const Shard* shard) {
  normal_(tensor, options.mean, options.std, key, shard);
}

Writer trunc_normal(TruncNormalOptions options) {
  return [options](const Tensor& tensor, RngKey key, const Shard* shard) {
    trunc_normal_(tensor, options, key, shard);
  };
}

void trunc_normal_(const Tensor& tensor, const TruncNormalOptions& options, RngKey key,
                   const Shard* shard) {
  trunc_normal_(tensor, options.mean, options.std, options.a, options.b, key, shard);
}

Writer bernoulli(double p) {
  return [=](const Tensor& tensor, RngKey key, const Shard* shard) {
    bernoulli_(tensor, p, key, shard);
  };
}

Writer randint(int64_t low, int64_t high) {
  return [=](const Tensor& tensor, RngKey key, const Shard* shard) {
    randint_(tensor, low, high, key, shard);
  };
}

}  // namespace hollow::nn::init
