// Where a storage was born: the slot of a module that declared it. Errors, resets and the audit
// read it; no op does.
#ifndef HOLLOW_TENSOR_ORIGIN_H_
#define HOLLOW_TENSOR_ORIGIN_H_

#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/rng_key.h"
#include "tensor/shape.h"
#include "tensor/writer.h"

namespace hollow {

class Tensor;
struct Origin;

// Everything that was declared under one root module. Outlives the modules where a tensor does.
class Kin {
 public:
  virtual ~Kin() = default;
  // What has not got its values yet; nothing once the root is gone.
  virtual std::vector<Tensor> unfinished() const = 0;
  // Whether the slot of that origin has a writer, while another thread may drop the modules.
  virtual bool has_writer(const Origin& origin) const = 0;
};

struct Origin {
  absl::string_view name;  // qualified: "blocks.0.ls1.gamma"; `kin` owns it
  RngKey key;              // the root's, in the slot's generation; see key_of()
  Writer writer;           // may be empty, which is an error once it is needed
  Shape shape;             // of the tensor that was declared: all of the storage, contiguous
  std::shared_ptr<const Kin> kin;
  const std::type_info* declared_by = nullptr;  // the class of the module, where it is known
  // The module that gave the writer, where it is not the slot's own.
  const void* giver = nullptr;
  int writers_given = 0;     // after the first one
  bool has_own_key = false;  // `key` is the slot's already
  bool computed = false;     // in no state dict: the writer runs again after a load, or a new dtype
};

// For errors, which any thread may have at any time. False for null, the origin of no slot.
bool has_writer(const Origin* origin);

// What the slot's random values are taken from: the root's key / name.
RngKey key_of(const Origin& origin);

// Of the tensor that was declared; a view's differs.
Layout layout_of(const Origin& origin);

// The C++ name of a class: "hollow::nn::LayerScale".
std::string class_name(const std::type_info& type);

// The module that declared it: `hollow::nn::LayerScale "blocks.0.ls1"`; the class alone for a root,
// and "a module" where the class is not known.
std::string declared_by(const Origin& origin);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_ORIGIN_H_
