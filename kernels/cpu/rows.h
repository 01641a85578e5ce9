// A part of a strided index space, row by row: one division a dimension at its begin, none later.
//
//   for_each_row(index, begin, end, [&](const Row<2>& row) {
//     for (int64_t i = 0; i < row.count; ++i) {
//       y[row.first[0] + i * row.step[0]] = x[row.first[1] + i * row.step[1]];
//     }
//   });
#ifndef HOLLOW_KERNELS_CPU_ROWS_H_
#define HOLLOW_KERNELS_CPU_ROWS_H_

#include <algorithm>
#include <cstdint>

#include "kernels/strided.h"

namespace hollow::kernels {
namespace {

// Elements that follow each other in the innermost dimension: offset and step of each operand.
template <int kOperands>
struct Row {
  int64_t first[kOperands];
  int64_t step[kOperands];
  int64_t count;

  bool is_contiguous() const {
    bool one = true;
    for (const int64_t each : step) one &= each == 1;
    return one;
  }
};

// Calls function(row) for the elements [begin, end) of the index, in order; the first and the last
// row may be parts of one.
template <int kOperands, typename Function>
void for_each_row(const Strided<kOperands>& index, int64_t begin, int64_t end, Function function) {
  Row<kOperands> row = {};
  if (index.contiguous || index.rank == 0) {
    for (int k = 0; k < kOperands; ++k) row.first[k] = begin, row.step[k] = 1;
    row.count = end - begin;
    return function(row);
  }
  const int inner = index.rank - 1;
  const int64_t size = index.size[inner];
  int64_t at[kMaxRank] = {};
  int64_t start[kOperands] = {};  // of the row, as row.first is of its part
  int64_t rest = begin / size;
  for (int k = 0; k < kOperands; ++k) row.step[k] = index.stride[k][inner];
  for (int d = inner - 1; d >= 0; --d) {
    at[d] = rest % index.size[d];
    rest /= index.size[d];
    for (int k = 0; k < kOperands; ++k) start[k] += at[d] * index.stride[k][d];
  }
  for (int64_t i = begin, place = begin % size; i < end; i += row.count, place = 0) {
    row.count = std::min(size - place, end - i);
    for (int k = 0; k < kOperands; ++k) row.first[k] = start[k] + place * row.step[k];
    function(row);
    for (int d = inner - 1; d >= 0; --d) {
      const bool wraps = ++at[d] == index.size[d];
      const int64_t steps = wraps ? 1 - at[d] : 1;
      for (int k = 0; k < kOperands; ++k) start[k] += steps * index.stride[k][d];
      if (!wraps) break;
      at[d] = 0;
    }
  }
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_ROWS_H_
