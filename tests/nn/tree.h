// A tree of modules with a slot of each kind, for the tests of nn/.
#ifndef HOLLOW_TESTS_NN_TREE_H_
#define HOLLOW_TESTS_NN_TREE_H_

#include <string>
#include <vector>

#include "nn/init.h"
#include "nn/module.h"

namespace hollow::nn {

struct Leaf : Module {
  explicit Leaf(double value) : w(add_parameter("w", {2}, init::constant(value))) {}
  Tensor forward(const Tensor& x) override { return x; }
  Tensor& w;
};

struct Tree : Module {
  Tensor& own = add_parameter("own", {3}, init::constant(1.5));
  Leaf& left = add_child<Leaf>("left", 2.5);
  Tensor& flag =
      add_buffer("flag", {2}, init::constant(true), Persistent::kYes, {.dtype = DType::kBool});
  Leaf& right = add_child<Leaf>("right", 3.5);
  Tensor& scratch = add_buffer("scratch", {2}, init::constant(4.5), Persistent::kNo);
};

inline std::vector<std::string> names(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : tensors) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace hollow::nn

#endif  // HOLLOW_TESTS_NN_TREE_H_
