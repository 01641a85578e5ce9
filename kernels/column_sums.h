// The sums of the columns of a small matrix of f32, in f64 and in an order that follows from its
// size alone, by blocks of threads. A block has `width` columns, and of each as many lanes as that
// leaves it threads; a lane adds every so manieth term, and the lanes are added as a tree:
//
//   for each thread: shared[thread] = sums.part(terms, block, thread);
//   for (half = kThreads / 2; half >= sums.width; half /= 2)
//     for each thread below half: shared[thread] += shared[thread + half];
//   column sums.column(block, thread) is shared[thread], for each thread below sums.width.
#ifndef HOLLOW_KERNELS_COLUMN_SUMS_H_
#define HOLLOW_KERNELS_COLUMN_SUMS_H_

#include <algorithm>
#include <bit>
#include <cstdint>

#include "kernels/hd.h"

namespace hollow::kernels {

struct ColumnSums {
  static constexpr uint32_t kThreads = 1024;

  // Requires columns > 0.
  ColumnSums(int64_t terms_a_column, int64_t columns) : rows(terms_a_column), dim(columns) {
    // 32 columns are a line of 128 bytes; more of them where there are not 32 terms for the lanes.
    const int64_t lanes = std::clamp<int64_t>(rows, 1, kThreads / 32);
    const uint64_t most = kThreads / std::bit_ceil(static_cast<uint64_t>(lanes));
    width = static_cast<uint32_t>(std::min(most, std::bit_ceil(static_cast<uint64_t>(dim))));
    blocks = static_cast<uint32_t>((dim + width - 1) / width);
  }

  // From `dim` on there is no such column.
  HOLLOW_HD int64_t column(uint32_t block, uint32_t thread) const {
    return int64_t{block} * width + thread % width;
  }

  HOLLOW_HD double part(const float* terms, uint32_t block, uint32_t thread) const {
    const int64_t of = column(block, thread);
    double sum = 0;
    if (of >= dim) return sum;
    for (int64_t r = thread / width; r < rows; r += kThreads / width) {
      sum += static_cast<double>(terms[r * dim + of]);
    }
    return sum;
  }

  int64_t rows;
  int64_t dim;
  uint32_t width;  // a power of 2
  uint32_t blocks;
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_COLUMN_SUMS_H_
