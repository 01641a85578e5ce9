// Initializers without chance: values that are given, and the identity. Any dtype.
//
//   init::dirac_(conv.weight(), {.groups = 2});      // the convolution passes its input on
//
// A tensor that is a shard of a larger one gets what the larger one would have there.
#ifndef HOLLOW_NN_INIT_CONSTANTS_H_
#define HOLLOW_NN_INIT_CONSTANTS_H_

#include <cstdint>

#include "tensor/scalar.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

// Every element the same. Throws what fill_ throws.
Writer constant(Scalar value);
Writer zeros();
Writer ones();
void constant_(const Tensor& tensor, Scalar value);
void zeros_(const Tensor& tensor);
void ones_(const Tensor& tensor);

// Element by element from another tensor of the shape of what is filled (Error(kShape)). The writer
// copies the values here, so later changes of the tensor do not reach it, and the tensor must have
// them now: Error(kMeta), Error(kUninitialized). The function is copy_() without broadcasting.
Writer constant(const Tensor& values);
void constant_(const Tensor& tensor, const Tensor& values, const Shard* shard = nullptr);

// The identity matrix: 1 where row and column are equal, else 0. Throws Error(kShape) unless there
// are two dimensions.
Writer eye();
void eye_(const Tensor& tensor, const Shard* shard = nullptr);

struct DiracOptions {
  int64_t groups = 1;
};
// The identity of a convolution, as far as it has channels for it: a weight [out, in, size...] with
// 1 in the middle of the kernel from each input channel to the output channel of its number in each
// group, else 0. Throws Error(kShape) unless there are three to five dimensions, of which the first
// is a multiple of groups, and Error(kValue) unless groups is at least 1.
Writer dirac(DiracOptions options = {});
void dirac_(const Tensor& tensor, const DiracOptions& options, const Shard* shard = nullptr);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_CONSTANTS_H_
