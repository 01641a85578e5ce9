// From layouts to the index space that strided kernels walk.
#ifndef HOLLOW_TENSOR_INDEX_H_
#define HOLLOW_TENSOR_INDEX_H_

#include <array>

#include "kernels/strided.h"
#include "tensor/shape.h"

namespace hollow {

namespace internal {

void fill_index(const Layout* const* operands, int count, int64_t* size, int64_t* strides,
                int* rank, bool* contiguous);

}  // namespace internal

// The operands' common index space, in as few dimensions as their strides allow. All have one shape
// (see expanded() in tensor/shape.h). Offsets are not in it: a kernel's pointers are at element 0.
template <size_t kOperands>
kernels::Strided<kOperands> index_of(const Layout* const (&operands)[kOperands]) {
  kernels::Strided<kOperands> index;
  index.numel = operands[0]->numel();
  internal::fill_index(operands, kOperands, index.size, &index.stride[0][0], &index.rank,
                       &index.contiguous);
  return index;
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_INDEX_H_
