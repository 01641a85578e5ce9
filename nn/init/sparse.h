// Martens' initialization: few connections, each strong.
//
//   init::sparse_(weight, /*sparsity=*/0.9, {.std = 0.1}, key);
#ifndef HOLLOW_NN_INIT_SPARSE_H_
#define HOLLOW_NN_INIT_SPARSE_H_

#include "tensor/rng_key.h"
#include "tensor/tensor.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

struct SparseOptions {
  double std = 0.01;
};

// In each column of a matrix ceil(sparsity * rows) elements are 0: the rows to which the integers
// of randint_ under key / "sparse rows" give the smallest values, so each choice is as likely. All
// others are what normal_ with mean 0 gives them under this key. Computed on the host; a shard is
// cut from the whole.
//
// Throws Error(kShape) unless there are two dimensions, Error(kValue) unless 0 <= sparsity <= 1,
// and what normal_ throws.
Writer sparse(double sparsity, SparseOptions options = {});
void sparse_(const Tensor& tensor, double sparsity, const SparseOptions& options, RngKey key);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_SPARSE_H_
