// What the initializers ask about the box that they fill. Internal to nn/init.
#ifndef HOLLOW_NN_INIT_SHARDS_H_
#define HOLLOW_NN_INIT_SHARDS_H_

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow::nn::init {

// The shard that the tensor is; all of itself where none is given. Throws Error(kShape) of that op
// for a shard that the tensor cannot be.
inline Shard box_of(absl::string_view op, const Tensor& tensor, const Shard* shard) {
  if (shard == nullptr) return whole_of(tensor.shape());
  about({&tensor}, [&] { check_shard(op, *shard, tensor.shape()); });
  return *shard;
}

// For what can only be made whole, and is made on the host: calls fill(tensor), or, for a shard,
// fill(whole) for a whole on the host, of which the tensor gets its box.
inline void fill_whole(absl::string_view op, const Tensor& tensor, const Shard* shard,
                       absl::FunctionRef<void(const Tensor&)> fill) {
  if (shard == nullptr) return fill(tensor);
  const Shard box = box_of(op, tensor, shard);
  const Device device = tensor.is_meta() ? Device::meta() : Device::cpu();
  const Tensor whole = empty(op, box.whole, {.dtype = tensor.dtype(), .device = device});
  fill(whole);
  tensor.copy_(Tensor(whole.storage(), layout_in_whole(box)));
}

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_SHARDS_H_
