// Saxe, McClelland and Ganguli's initialization: a matrix that keeps lengths and angles.
//
//   init::orthogonal_(weight, {.gain = std::sqrt(2.0)}, key);
#ifndef HOLLOW_NN_INIT_ORTHOGONAL_H_
#define HOLLOW_NN_INIT_ORTHOGONAL_H_

#include "tensor/rng_key.h"
#include "tensor/tensor.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

struct OrthogonalOptions {
  double gain = 1.0;
};

// Seen as a matrix [first dimension, all others], the rows become orthonormal, or the columns if
// there are more rows than columns; times gain. It is the Q of a matrix that normal_ fills under
// this key, with the signs that make the diagonal of R positive, so that all such matrices are
// equally likely.
//
// Computed on the host, in f64, by one thread, with the same bits on every machine; 1024 by 1024
// takes about a second, and twice the size eight times as long. A shard is cut from the whole.
//
// Throws Error(kShape) where there are less than two dimensions, Error(kValue) unless gain is
// finite, and Error(kDType) for integers and bools.
Writer orthogonal(OrthogonalOptions options = {});
void orthogonal_(const Tensor& tensor, const OrthogonalOptions& options, RngKey key);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_ORTHOGONAL_H_
