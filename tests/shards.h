// Ways to cut a tensor, and the parts by another road: views of the whole.
#ifndef HOLLOW_TESTS_SHARDS_H_
#define HOLLOW_TESTS_SHARDS_H_

#include <cstdint>
#include <vector>

#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow::testing {

// All of it; every part of 2, of 3 and of more than there are along each dimension, so even, uneven
// and empty ones; every part of a 2 by 3 grid; and a box in the middle.
inline std::vector<Shard> shards_of(const Shape& shape) {
  std::vector<Shard> result = {whole_of(shape)};
  const int64_t rank = static_cast<int64_t>(shape.size());
  for (int64_t dim = 0; dim < rank; ++dim) {
    for (const int64_t count : {int64_t{2}, int64_t{3}, shape[dim] + 2}) {
      for (int64_t i = 0; i < count; ++i) result.push_back(chunk(shape, dim, i, count));
    }
  }
  for (int64_t i = 0; rank >= 2 && i < 2; ++i) {
    for (int64_t j = 0; j < 3; ++j) result.push_back(chunk(chunk(shape, 0, i, 2), 1, j, 3));
  }
  Shard middle = whole_of(shape);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (shape[dim] < 3) continue;
    middle.offset[dim] = 1;
    middle.shape[dim] -= 2;
  }
  result.push_back(middle);
  return result;
}

// The box of a tensor, which may have any strides.
inline Tensor box(const Tensor& whole, const Shard& shard) {
  Tensor part = whole;
  for (int64_t d = 0; d < whole.dim(); ++d) part = part.narrow(d, shard.offset[d], shard.shape[d]);
  return part;
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_SHARDS_H_
