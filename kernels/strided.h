// How a kernel walks operands that are not contiguous: one common row-major index space, and for
// each operand the strides that lead from an index to an element. A stride of 0 repeats an element
// (broadcasting). Sizes and strides count elements.
//
//   Strided<2> s = ...;              // y[i] = x[i] for every i in [0, s.numel)
//   y[s.offset(0, i)] = x[s.offset(1, i)];
#ifndef HOLLOW_KERNELS_STRIDED_H_
#define HOLLOW_KERNELS_STRIDED_H_

#include <cstdint>

#include "kernels/hd.h"

namespace hollow::kernels {

inline constexpr int kMaxRank = 8;

// A plain value, passed to the device as it is. `contiguous` says that every operand's element i is
// its i-th in memory, so that a kernel may forget the rest.
template <int kOperands>
struct Strided {
  int64_t numel = 0;
  int rank = 0;
  bool contiguous = false;
  int64_t size[kMaxRank] = {};
  int64_t stride[kOperands][kMaxRank] = {};

  HOLLOW_HD int64_t offset(int operand, int64_t index) const {
    if (contiguous) return index;
    int64_t result = 0;
    for (int d = rank - 1; d >= 0; --d) {
      result += (index % size[d]) * stride[operand][d];
      index /= size[d];
    }
    return result;
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_STRIDED_H_
