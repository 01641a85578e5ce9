#include "tensor/shard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow {

Shard whole_of(const Shape& shape) {
  return {.whole = shape, .offset = Shape(shape.size(), 0), .shape = shape};
}

Shard chunk(const Shape& whole, int64_t dim, int64_t index, int64_t count) {
  return chunk(whole_of(whole), dim, index, count);
}

Shard chunk(const Shard& part, int64_t dim, int64_t index, int64_t count) {
  check_shard("chunk", part, part.shape);
  const int d = checked_dim("chunk", dim, part.shape);
  if (index < 0 || index >= count) {
    throw Error(ErrorCode::kValue, "chunk",
                absl::StrCat("there is no part ", index, " of ", count,
                             "; index must be at least 0 and less than count"));
  }
  const int64_t size = part.shape[d];
  const int64_t step = size / count + (size % count != 0 ? 1 : 0);
  // index * step may be too large for 64 bits only where the part is empty.
  const int64_t begin = step > 0 && index > size / step ? size : std::min(size, index * step);
  Shard result = part;
  result.offset[d] += begin;
  result.shape[d] = std::min(step, size - begin);
  return result;
}

Layout layout_in_whole(const Shard& shard) {
  Layout layout{shard.shape, contiguous_strides(shard.whole)};
  for (size_t d = 0; d < shard.offset.size(); ++d) {
    layout.offset += shard.offset[d] * layout.strides[d];
  }
  return layout;
}

void check_shard(absl::string_view op, const Shard& shard, const Shape& shape) {
  checked_numel(op, shard.whole);
  const size_t rank = shard.whole.size();
  bool fits = shard.offset.size() == rank && shard.shape.size() == rank;
  for (size_t d = 0; fits && d < rank; ++d) {
    fits = shard.offset[d] >= 0 && shard.shape[d] >= 0 &&
           shard.offset[d] <= shard.whole[d] - shard.shape[d];
  }
  if (!fits) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("the shard ", to_string(shard), " does not lie in its whole"));
  }
  if (shard.shape != shape) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("the shard ", to_string(shard), " is not a tensor of shape ",
                             to_string(shape)));
  }
}

std::string to_string(const Shard& shard) {
  return absl::StrCat(to_string(shard.shape), " at ", to_string(shard.offset), " of ",
                      to_string(shard.whole));
}

std::ostream& operator<<(std::ostream& out, const Shard& shard) { return out << to_string(shard); }

}  // namespace hollow
