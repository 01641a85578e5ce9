#include "tensor/index.h"

namespace hollow::internal {

void fill_index(const Layout* const* operands, int count, int64_t* size, int64_t* strides,
                int* rank, bool* contiguous) {
  constexpr int kMax = kernels::kMaxRank;
  const Shape& shape = operands[0]->shape;
  int last = -1;  // the dimension of the result that was written last
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    bool joins = last >= 0;
    for (int i = 0; i < count; ++i) {
      joins = joins && strides[i * kMax + last] == shape[d] * operands[i]->strides[d];
    }
    if (!joins) ++last;
    size[last] = joins ? size[last] * shape[d] : shape[d];
    for (int i = 0; i < count; ++i) strides[i * kMax + last] = operands[i]->strides[d];
  }
  *rank = last + 1;
  *contiguous = *rank <= 1;
  for (int i = 0; i < count && *rank == 1; ++i) {
    *contiguous = *contiguous && strides[i * kMax] == 1;
  }
}

}  // namespace hollow::internal
