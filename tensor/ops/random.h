// Fills with random values that depend on (key, generation, element index) and on nothing else: not
// on device, threads, dtype or strides. Elements count in row-major order of the tensor's shape.
// f32; f16 and bf16 get the rounded f32, and f64 the widened one: what bounds and moments f32
// cannot hold are refused there too. On meta they check their arguments and do nothing.
//
// A tensor that is a shard of a larger one (tensor/shard.h) gets the values that the larger one
// would have there, and no others are computed. Error(kShape) for a shard that does not fit.
#ifndef HOLLOW_TENSOR_OPS_RANDOM_H_
#define HOLLOW_TENSOR_OPS_RANDOM_H_

#include <cstdint>

#include "tensor/rng_key.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow {

// Uniform in [low, high); low where they are equal. 24 random bits a value. f16 and bf16 may round
// up to high. Throws Error(kValue) unless low <= high, both finite.
void uniform_(const Tensor& tensor, double low, double high, RngKey key,
              const Shard* shard = nullptr);

// Normal, by Box-Muller on pairs of elements. Throws Error(kValue) unless both are finite, std >=
// 0.
void normal_(const Tensor& tensor, double mean, double std, RngKey key,
             const Shard* shard = nullptr);

// Normal with that mean and std, on condition that it lies in [a, b], which it always does (before
// rounding to f16 or bf16): the inverse distribution function of one uniform, right far in the
// tails too. Throws Error(kValue) unless a <= b, mean is finite, std >= 0 and finite; a and b may
// be infinite.
void trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RngKey key,
                   const Shard* shard = nullptr);

// 1 with probability p, rounded to 32 binary digits, else 0: one word an element. Any dtype. What
// is 1 stays 1 under a larger p. Throws Error(kValue) unless 0 <= p <= 1.
void bernoulli_(const Tensor& tensor, double p, RngKey key, const Shard* shard = nullptr);

// Integers in [low, high), each as likely as the others to within 2^-64 of their number: 64 random
// bits an element, element i from words 2 (i mod 2) and the next of block i / 2. i64. Throws
// Error(kValue) unless low < high.
void randint_(const Tensor& tensor, int64_t low, int64_t high, RngKey key,
              const Shard* shard = nullptr);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_RANDOM_H_
