// Fills with random values that depend on (key, generation, element index) and on nothing else: not
// on device, threads, dtype or strides. Elements count in row-major order of the tensor's shape.
// f32; f16 and bf16 get the rounded f32. On meta they check their arguments and do nothing.
#ifndef HOLLOW_TENSOR_OPS_RANDOM_H_
#define HOLLOW_TENSOR_OPS_RANDOM_H_

#include "tensor/rng_key.h"
#include "tensor/tensor.h"

namespace hollow {

// Uniform in [low, high); low where they are equal. 24 random bits a value. f16 and bf16 may round
// up to high. Throws Error(kValue) unless low <= high, both finite.
void uniform_(const Tensor& tensor, double low, double high, RngKey key);

// Normal, by Box-Muller on pairs of elements. Throws Error(kValue) unless both are finite, std >=
// 0.
void normal_(const Tensor& tensor, double mean, double std, RngKey key);

// Normal with that mean and std, on condition that it lies in [a, b], which it always does (before
// rounding to f16 or bf16): the inverse distribution function of one uniform, right far in the
// tails too. Throws Error(kValue) unless a <= b, mean is finite, std >= 0 and finite; a and b may
// be infinite.
void trunc_normal_(const Tensor& tensor, double mean, double std, double a, double b, RngKey key);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_RANDOM_H_
