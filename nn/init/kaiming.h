// He's initialization: values keep their scale on the way forward (kFanIn), or gradients on the way
// back (kFanOut), through a nonlinearity.
//
//   init::kaiming_normal({.mode = init::FanMode::kFanOut,
//                         .nonlinearity = init::Nonlinearity::kRelu});
//
// std = calculate_gain(nonlinearity, a) / sqrt(fan); see gain.h and fans.h. Throws Error(kShape)
// for a tensor that has no fans, Error(kValue) for an a that is not finite, and what uniform_ and
// normal_ throw. Of a shard, the fans are the whole's.
#ifndef HOLLOW_NN_INIT_KAIMING_H_
#define HOLLOW_NN_INIT_KAIMING_H_

#include "nn/init/fans.h"
#include "nn/init/gain.h"
#include "tensor/rng_key.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

struct KaimingOptions {
  double a = 0.0;  // leaky_relu's slope for negative values
  FanMode mode = FanMode::kFanIn;
  Nonlinearity nonlinearity = Nonlinearity::kLeakyRelu;
};

// Uniform in [-sqrt(3) * std, sqrt(3) * std).
Writer kaiming_uniform(KaimingOptions options = {});
void kaiming_uniform_(const Tensor& tensor, const KaimingOptions& options, RngKey key,
                      const Shard* shard = nullptr);

// Normal with mean 0.
Writer kaiming_normal(KaimingOptions options = {});
void kaiming_normal_(const Tensor& tensor, const KaimingOptions& options, RngKey key,
                     const Shard* shard = nullptr);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_KAIMING_H_
