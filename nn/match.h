// Which saved value goes where, and all that is wrong with them. Nothing is changed here. Internal
// to nn/.
#ifndef HOLLOW_NN_MATCH_H_
#define HOLLOW_NN_MATCH_H_

#include <unordered_map>
#include <vector>

#include "nn/module.h"
#include "nn/state_dict.h"
#include "tensor/element_set.h"
#include "tensor/op_name.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace hollow::nn {

// Moves, and does not copy: it points into itself.
struct Match {
  struct Entry {
    const NamedSlot* slot;
    Tensor source;
  };
  // What comes to one storage, under all its names.
  struct Target {
    std::vector<const Entry*> entries;  // that can be loaded
    ElementSet loaded;
  };

  Match() = default;
  Match(Match&&) = default;
  Match& operator=(Match&&) = default;

  bool is_loaded(const Storage& storage) const {
    const auto target = targets.find(&storage);
    return target != targets.end() && target->second.loaded.is_full();
  }
  // Whether no entry before it brings the same elements: other names of a tie do, and the same
  // values.
  bool is_first(const Entry& entry) const;

  std::vector<NamedSlot> slots;  // persistent ones, under all their names
  std::vector<Entry> entries;    // in the order of the slots
  std::unordered_map<const Storage*, Target> targets;
  LoadReport report;  // loaded, converted, missing, unexpected
};

// Throws what load_state_dict, or load_or_init where it `initializes`, says it throws about keys
// and values: one Error with everything.
Match match(OpName op, const Module& module, const StateDict& values, const LoadOptions& options,
            bool initializes);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_MATCH_H_
