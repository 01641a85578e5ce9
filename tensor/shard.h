// The box of a larger tensor that one of several owners holds.
//
//   const Shard mine = chunk({4096, 1024}, /*dim=*/0, /*index=*/rank, /*count=*/8);
//   Tensor part = empty(mine.shape);
//   normal_(part, 0, 0.02, key, &mine);     // the values that the whole would have there
//
// Whoever takes a Shard computes its elements alone, from where they are in the whole: the owners
// need not speak to each other, and how the whole is cut changes no value.
#ifndef HOLLOW_TENSOR_SHARD_H_
#define HOLLOW_TENSOR_SHARD_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "tensor/shape.h"

namespace hollow {

struct Shard {
  Shape whole;   // of the larger tensor
  Shape offset;  // of the box's first element in it
  Shape shape;   // of the box, which may be empty

  friend bool operator==(const Shard&, const Shard&) = default;
};

// All of a tensor of that shape.
Shard whole_of(const Shape& shape);

// Part `index` of `count` along a dimension (-1 is the last). As torch.chunk cuts, and DTensor with
// it: every part has ceil(size / count) rows, but for the last ones, which have fewer or none.
// Cutting a part again along another dimension makes a grid. Throws Error(kShape) for a dimension
// that is not there, or a part that does not lie in its whole, and Error(kValue) unless 0 <= index
// < count.
Shard chunk(const Shape& whole, int64_t dim, int64_t index, int64_t count);
Shard chunk(const Shard& part, int64_t dim, int64_t index, int64_t count);

// The box as a view of the whole, contiguous tensor, in which it must lie.
Layout layout_in_whole(const Shard& shard);

// Throws Error(kShape) of that op unless the box lies in the whole and has that shape.
void check_shard(absl::string_view op, const Shard& shard, const Shape& shape);

// "[2, 4] at [6, 0] of [8, 4]".
std::string to_string(const Shard& shard);
std::ostream& operator<<(std::ostream& out, const Shard& shard);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_SHARD_H_
