// The writers: what a slot is filled with. Each is a value that holds what it needs, so it can fill
// the slot now, after to_empty, or again. The names are torch.nn.init's.
//
//   add_parameter("weight", {out, in}, init::trunc_normal({.std = 0.02}));
//
// A writer fills its whole slot, of any floating dtype (constants: of any dtype), from the slot's
// own key where it is random. On meta it checks and writes nothing.
#ifndef HOLLOW_NN_INIT_H_
#define HOLLOW_NN_INIT_H_

#include "tensor/origin.h"
#include "tensor/scalar.h"
#include "tensor/tensor.h"

namespace hollow::nn::init {

Writer constant(Scalar value);
Writer zeros();
Writer ones();

// Element by element from another tensor, which must have values now (Error(kMeta),
// Error(kUninitialized)) and the slot's shape (Error(kShape) when it writes). They are copied here,
// so later changes of the tensor do not reach the writer.
Writer constant(const Tensor& values);

// See tensor/ops/random.h for the distributions and what they refuse.
Writer uniform(double low, double high);

struct NormalOptions {
  double mean = 0.0;
  double std = 1.0;
};
Writer normal(NormalOptions options = {});

struct TruncNormalOptions {
  double mean = 0.0;
  double std = 1.0;
  double a = -2.0;
  double b = 2.0;
};
Writer trunc_normal(TruncNormalOptions options = {});

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_H_
