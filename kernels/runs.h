// Operands that lie in runs: they are not contiguous, but the innermost dimension of their index
// is, and is whole rows of channels. So are the tokens behind the first of every sample, or some of
// the columns of a wider table.
#ifndef HOLLOW_KERNELS_RUNS_H_
#define HOLLOW_KERNELS_RUNS_H_

#include <cstdint>

#include "kernels/strided.h"

namespace hollow::kernels {

// False too where the index has no dimension left: rows and their channels may need one each.
template <int kOperands>
bool lie_in_runs(const Strided<kOperands>& index, int64_t dim) {
  if (dim == 0 || index.rank == 0 || index.rank == kMaxRank) return false;
  const int inner = index.rank - 1;
  bool follow = index.size[inner] % dim == 0;
  for (int k = 0; k < kOperands; ++k) follow &= index.stride[k][inner] == 1;
  return follow;
}

// The index of the operands, which lie in runs, and of [dim] factors beside each row.
template <int kOperands>
Strided<kOperands + 1> beside_channels(const Strided<kOperands>& runs, int64_t dim) {
  Strided<kOperands + 1> index;
  index.numel = runs.numel;
  index.rank = runs.rank + 1;
  const int inner = runs.rank - 1;
  for (int d = 0; d < runs.rank; ++d) {
    index.size[d] = runs.size[d];
    for (int k = 0; k < kOperands; ++k) index.stride[k][d] = runs.stride[k][d];
  }
  index.size[inner] = runs.size[inner] / dim;
  index.size[inner + 1] = dim;
  for (int k = 0; k <= kOperands; ++k) index.stride[k][inner + 1] = 1;
  for (int k = 0; k < kOperands; ++k) index.stride[k][inner] = dim;
  return index;
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_RUNS_H_
