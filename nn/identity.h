// Gives back what it gets. Stands where a model leaves a layer out: it has no slots, so the state
// dict has no key for it.
#ifndef HOLLOW_NN_IDENTITY_H_
#define HOLLOW_NN_IDENTITY_H_

#include "nn/module.h"

namespace hollow::nn {

class Identity : public Module {
 public:
  Tensor forward(const Tensor& x) override { return x; }
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_IDENTITY_H_
