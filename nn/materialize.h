// Memory and values, each only where it is missing.
//
//   auto model = build_on_meta();
//   materialize(model->blocks[7], Device::cpu());     // a part: the values it has in the whole
//   materialize(*model, Device::cpu());               // the rest; block 7 is not touched
//
// Many threads may materialize the same model, or parts of it, at once: each tensor is allocated
// and written by one of them, and each thread returns when its own part is there.
// All to one device: what is moved, converted or computed anew must not be in use.
#ifndef HOLLOW_NN_MATERIALIZE_H_
#define HOLLOW_NN_MATERIALIZE_H_

#include "nn/module.h"
#include "tensor/device.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow::nn {

// Afterwards everything is on the device and initialized. What has values keeps them, moved if need
// be; of what is partly written, the rest is. Buffers outside the state dict that were computed
// before something else of these lost its values, or got others (a load, a writer, a tie, another
// dtype), are computed anew: so materialize(root) also completes what a call on a part has left.
// Throws what to_empty() and reset_parameters() throw: before anything changes, if memory or a
// writer is missing; if a writer fails, or finds no memory for its own work (completing what is
// partly written takes as much again), what was written by then stays, and the Error lists what is
// unfinished.
void materialize(Module& module, Device device, Recurse recurse = Recurse::kYes);

// The same for the whole slot that the tensor is, or is a view of. Throws Error(kKey) for a tensor
// that no module declared.
void materialize(const Tensor& tensor, Device device);

// A new tensor on the device, with the values that this part of the slot has after
// reset_parameters(): of a model on meta, each device gets its own part, and no device the whole.
//
//   const Tensor mine = materialize_shard(fc.weight(), chunk(fc.weight().shape(), 0, rank, 8),
//                                         Device::cuda(rank));
//
// It is of the slot's dtype, and requires grad where that does. The module stays as it is; what its
// slot holds by now, loaded values too, does not matter: these are the initial ones, in the current
// generation. The writer runs for the shard alone; one that knows no shards (orthogonal, sparse,
// your own function of (tensor, key)) makes the whole for the time, on the host.
//
// Throws Error(kKey) for a tensor that no module declared, Error(kShape) for a view of one and for
// a shard of another shape, Error(kWriter) where the slot has no writer, Error(kMeta) for
// Device::meta(), and what the writer throws, with the slot's name: a writer that reads another
// slot needs that one to have values.
Tensor materialize_shard(const Tensor& slot, const Shard& shard, Device device);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_MATERIALIZE_H_
