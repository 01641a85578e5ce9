#include "nn/linear.h"

#include <cmath>

#include "nn/init.h"
#include "tensor/ops/linear.h"

namespace hollow::nn {
namespace {

Writer default_writer(int64_t in_features) {
  const double bound = in_features > 0 ? 1.0 / std::sqrt(static_cast<double>(in_features)) : 0.0;
  return init::uniform(-bound, bound);
}

}  // namespace

Linear::Linear(int64_t in_features, int64_t out_features, const LinearOptions& options)
    : weight_(add_parameter("weight", {out_features, in_features}, default_writer(in_features),
                            {.dtype = options.dtype, .device = options.device})) {
  if (!options.bias) return;
  bias_ = &add_parameter("bias", {out_features}, default_writer(in_features),
                         {.dtype = options.dtype, .device = options.device});
}

Tensor Linear::forward(const Tensor& x) {
  return bias_ == nullptr ? linear(x, weight_) : linear(x, weight_, *bias_);
}

}  // namespace hollow::nn
