// Glorot and Bengio's initialization: values keep their scale on the way forward, gradients on the
// way back, as far as one number can serve both.
//
//   init::xavier_uniform_(weight, {.gain = 5.0 / 3.0}, key);
//
// std = gain * sqrt(2 / (fan_in + fan_out)); see fans.h. Throws Error(kShape) for a tensor that has
// no fans, Error(kValue) for a gain that is negative or not finite, and what uniform_ and normal_
// throw. Of a shard, the fans are the whole's.
#ifndef HOLLOW_NN_INIT_XAVIER_H_
#define HOLLOW_NN_INIT_XAVIER_H_

#include "tensor/rng_key.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

struct XavierOptions {
  double gain = 1.0;
};

// Uniform in [-sqrt(3) * std, sqrt(3) * std).
Writer xavier_uniform(XavierOptions options = {});
void xavier_uniform_(const Tensor& tensor, const XavierOptions& options, RngKey key,
                     const Shard* shard = nullptr);

// Normal with mean 0.
Writer xavier_normal(XavierOptions options = {});
void xavier_normal_(const Tensor& tensor, const XavierOptions& options, RngKey key,
                    const Shard* shard = nullptr);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_XAVIER_H_
