// Saved values, by name, into modules that may be on meta, real, or half-way.
//
//   auto model = build_on_meta();
//   load_state_dict(*model, checkpoint);                     // adopts: memory and values
//
//   LoadReport report = load_or_init(*model, checkpoint, {.device = Device::cpu()});
//   report.initialized;                                      // what the checkpoint lacks
//
// A load writes to storages, in place: ties, views and old handles see the values. What is loaded
// is sealed, by whole storages: no initializer writes over what is there until unseal(). Afterwards
// buffers outside the state dict are computed anew: this module's, and those below; one that reads
// what has no values yet waits for it. What its parents compute from it is theirs to compute again:
// by materialize(), a load or reset_parameters() of their own.
//
// First everything is checked and allocated; an Error from that leaves the module as it was, and
// lists every bad key, with the nearest good one. Then values are written; if that fails (a device
// error, a buffer's writer), each unfinished entry is allocated or partial, and the Error lists
// them. Beside a load other threads may materialize, unless a writer there reads what is loaded.
#ifndef HOLLOW_NN_STATE_DICT_H_
#define HOLLOW_NN_STATE_DICT_H_

#include <optional>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/device.h"

namespace hollow::nn {

// What Module::state_dict() gives. The order is of no matter, and a key may stand there twice if
// the values are the same.
using StateDict = std::vector<NamedTensor>;

struct LoadOptions {
  // Keys that are missing or not known are errors. load_or_init() takes missing ones in any case.
  bool strict = true;
  // Where what is on meta gets its memory: by default where the loaded tensor is. load_or_init()
  // brings everything there; by default to default_device().
  std::optional<Device> device;
};

// Names are the module's own, below it, in the order of the module.
struct LoadReport {
  std::vector<std::string> loaded;
  std::vector<std::string> converted;    // those of `loaded` that were of another floating dtype
  std::vector<std::string> missing;      // persistent entries of which not all elements were loaded
  std::vector<std::string> unexpected;   // keys that the module has not
  std::vector<std::string> initialized;  // those of `missing` that their writers have written
  std::vector<std::string> computed;     // buffers outside the state dict, by names below the root
};

// Loads. Shapes must agree; floating dtypes are converted to the module's, others must agree; every
// loaded tensor must have its values, and tensors for one storage (ties, views) must agree where
// they meet. Whatever the options say, a load that would load nothing is an error. requires_grad
// stays the module's.
//
// Throws Error(kKey) where keys are wrong, Error(kShape), Error(kDType), Error(kMeta),
// Error(kUninitialized) where nothing but that is, and Error(kOutOfMemory).
LoadReport load_state_dict(Module& module, const StateDict& values,
                           const LoadOptions& options = {});

// Load or init, in one pass: materializes the module, and each storage is allocated once and
// written once: by the load where there are values, by its writer where there are none.
LoadReport load_or_init(Module& module, const StateDict& values, const LoadOptions& options = {});

}  // namespace hollow::nn

#endif  // HOLLOW_NN_STATE_DICT_H_
