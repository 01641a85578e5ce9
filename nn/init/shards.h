// What the initializers ask about the box that they fill. Internal to nn/init.
#ifndef HOLLOW_NN_INIT_SHARDS_H_
#define HOLLOW_NN_INIT_SHARDS_H_

#include "absl/strings/string_view.h"
#include "tensor/describe.h"
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

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_SHARDS_H_
