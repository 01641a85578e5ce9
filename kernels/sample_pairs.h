// Which samples of one tensor go with which of another: pair i is (y[i], x[i]), where a null
// pointer stands for i itself. Neither list names a sample twice. The lists are in host memory, for
// any place, and are read before a kernel's call returns; so they are no operands, and to check
// them costs no synchronization.
#ifndef HOLLOW_KERNELS_SAMPLE_PAIRS_H_
#define HOLLOW_KERNELS_SAMPLE_PAIRS_H_

#include <cstdint>

namespace hollow::kernels {

struct SamplePairs {
  int64_t count = 1;
  const int64_t* y = nullptr;
  const int64_t* x = nullptr;

  int64_t of_y(int64_t i) const { return y == nullptr ? i : y[i]; }
  int64_t of_x(int64_t i) const { return x == nullptr ? i : x[i]; }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_SAMPLE_PAIRS_H_
