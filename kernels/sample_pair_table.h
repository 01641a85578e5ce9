// Sample pairs (kernels/sample_pairs.h) as a parameter of a device's kernel: some of them, by
// value, so that nothing is allocated, copied or waited for. A longer list takes several launches.
#ifndef HOLLOW_KERNELS_SAMPLE_PAIR_TABLE_H_
#define HOLLOW_KERNELS_SAMPLE_PAIR_TABLE_H_

#include <algorithm>
#include <cstdint>

#include "kernels/sample_pairs.h"

namespace hollow::kernels {

struct SamplePairTable {
  // A kernel's parameters are 4096 bytes at most; this leaves 256 for the others.
  static constexpr int kMost = 240;

  SamplePairTable(const SamplePairs& pairs, int64_t first)
      : count(static_cast<int>(std::min<int64_t>(kMost, pairs.count - first))) {
    for (int i = 0; i < count; ++i) {
      y[i] = pairs.of_y(first + i);
      x[i] = pairs.of_x(first + i);
    }
  }

  int64_t count;
  int64_t y[kMost];
  int64_t x[kMost];
};

// Whether pair i is (i, i), for all of them: then the samples are but rows of one tensor.
inline bool is_identity(const SamplePairs& pairs) {
  if (pairs.y == nullptr && pairs.x == nullptr) return true;
  for (int64_t i = 0; i < pairs.count; ++i) {
    if (pairs.of_y(i) != i || pairs.of_x(i) != i) return false;
  }
  return true;
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_SAMPLE_PAIR_TABLE_H_
