// Modules in a row, named "0", "1", ... Children are built in place:
//
//   nn::Sequential mlp;
//   mlp.append<nn::Linear>(20, 30);
//   mlp.append<nn::LayerScale>(30);
//   Tensor y = mlp(x);
#ifndef HOLLOW_NN_CONTAINERS_H_
#define HOLLOW_NN_CONTAINERS_H_

#include <cstdint>
#include <string>
#include <utility>

#include "nn/module.h"

namespace hollow::nn {

// A list without a forward() of its own.
class ModuleList : public Module {
 public:
  template <typename M, typename... Args>
  M& append(Args&&... args) {
    return add_child<M>(std::to_string(size()), std::forward<Args>(args)...);
  }

  int64_t size() const { return static_cast<int64_t>(num_children()); }

  // Throws Error(kKey) unless 0 <= index < size().
  Module& operator[](int64_t index) const;
};

// A list whose forward() is its modules' in order; of none, the identity.
class Sequential : public ModuleList {
 public:
  Tensor forward(const Tensor& x) override;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_CONTAINERS_H_
