// What the initializers ask about the box that they fill. Internal to nn/init.
#ifndef HOLLOW_NN_INIT_SHARDS_H_
#define HOLLOW_NN_INIT_SHARDS_H_

#include "absl/strings/string_view.h"
#include "nn/init/fans.h"
#include "tensor/describe.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow::nn::init {

// Throws Error(kShape) of that op for a shard that the tensor cannot be; null is none.
inline void require_shard(absl::string_view op, const Tensor& tensor, const Shard* shard) {
  if (shard != nullptr) about({&tensor}, [&] { check_shard(op, *shard, tensor.shape()); });
}

// The shard that the tensor is; all of itself where none is given.
inline Shard box_of(absl::string_view op, const Tensor& tensor, const Shard* shard) {
  require_shard(op, tensor, shard);
  return shard == nullptr ? whole_of(tensor.shape()) : *shard;
}

// Of the whole, where the tensor is a shard.
inline Fans fans_of(absl::string_view op, const Tensor& tensor, const Shard* shard) {
  require_shard(op, tensor, shard);
  const Shape& whole = shard == nullptr ? tensor.shape() : shard->whole;
  return about({&tensor}, [&] { return calculate_fan_in_and_fan_out(op, whole); });
}

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_SHARDS_H_
