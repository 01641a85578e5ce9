// Initializers that draw each element from one distribution. The functions are those of
// tensor/ops/random.h, which says what the distributions are and what they refuse.
#ifndef HOLLOW_NN_INIT_DISTRIBUTIONS_H_
#define HOLLOW_NN_INIT_DISTRIBUTIONS_H_

#include <cstdint>

#include "tensor/ops/random.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

using hollow::bernoulli_;
using hollow::normal_;
using hollow::randint_;
using hollow::trunc_normal_;
using hollow::uniform_;

Writer uniform(double low = 0.0, double high = 1.0);

struct NormalOptions {
  double mean = 0.0;
  double std = 1.0;
};
Writer normal(NormalOptions options = {});
void normal_(const Tensor& tensor, const NormalOptions& options, RngKey key,
             const Shard* shard = nullptr);

struct TruncNormalOptions {
  double mean = 0.0;
  double std = 1.0;
  double a = -2.0;
  double b = 2.0;
};
Writer trunc_normal(TruncNormalOptions options = {});
void trunc_normal_(const Tensor& tensor, const TruncNormalOptions& options, RngKey key,
                   const Shard* shard = nullptr);

// 1 with probability p, else 0. Any dtype.
Writer bernoulli(double p);

// Integers in [low, high). i64.
Writer randint(int64_t low, int64_t high);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_DISTRIBUTIONS_H_
