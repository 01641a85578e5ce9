// Where a storage was born: the slot of a module that declared it. Errors, resets and the audit
// read it; no op does.
#ifndef HOLLOW_TENSOR_ORIGIN_H_
#define HOLLOW_TENSOR_ORIGIN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/rng_key.h"
#include "tensor/shape.h"

namespace hollow {

class Tensor;

// Fills every element of the tensor, from the key if it is random. Runs on meta as well, where ops
// check shapes and dtypes and write nothing. What it needs it holds itself.
using Writer = std::function<void(const Tensor& tensor, RngKey key)>;

// Everything that was declared under one root module, as far as it has not got its values.
class Kin {
 public:
  virtual ~Kin() = default;
  virtual std::vector<Tensor> unfinished() const = 0;
};

struct Origin {
  std::string name;  // qualified: "blocks.0.ls1.gamma"
  RngKey key;        // of the name, below the root's key
  Writer writer;     // may be empty, which is an error once it is needed
  Layout layout;     // of the tensor that was declared; a view's differs
  std::weak_ptr<const Kin> kin;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_ORIGIN_H_
