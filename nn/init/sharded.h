// A slot that is itself a part of a larger tensor, as in layers whose weight is split among
// devices.
//
//   // On each of 8 ranks: rows of one [4096, 1024] weight, each with the values it has there.
//   const Shard mine = chunk({4096, 1024}, /*dim=*/0, rank, 8);
//   add_parameter("weight", mine.shape, init::sharded(mine, init::xavier_uniform()));
//
// The parts fit together because all of them take the larger tensor's values, under the slot's
// name: it is to be the same wherever a part is.
#ifndef HOLLOW_NN_INIT_SHARDED_H_
#define HOLLOW_NN_INIT_SHARDED_H_

#include "tensor/shard.h"
#include "tensor/writer.h"

namespace hollow::nn::init {

// Fills a slot of shape shard.shape with that box of what the writer would fill shard.whole with. A
// shard of the slot is the box within the box. Throws Error(kShape) here for a shard that does not
// lie in its whole, and Error(kWriter) for an empty writer; Error(kShape) for a slot of another
// shape.
Writer sharded(Shard shard, Writer writer);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_SHARDED_H_
