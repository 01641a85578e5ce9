// A part of a strided index space, row by row: one division a dimension at its begin, none later.
//
//   for_each_row(index, begin, end, [&](const Row<2>& row) {
//     for (int64_t i = 0; i < row.count; ++i) {
//       y[row.first[0] + i * row.step[0]] = x[row.first[1] + i * row.step[1]];
//     }
//   });
#ifndef HOLLOW_KERNELS_CPU_ROWS_H_
#define HOLLOW_KERNELS_CPU_ROWS_H_

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

// A place in a strided index space that has a dimension.
template <int kOperands>
class RowCursor {
 public:
  RowCursor(const Strided<kOperands>& index, int64_t begin) : index_(index) {
    inner_ = index.rank - 1;
    size_ = index.size[inner_];
    for (int k = 0; k < kOperands; ++k) step_[k] = index.stride[k][inner_];
    place_ = begin;
    if (begin < size_) return;
    place_ = begin % size_;
    int64_t rest = begin / size_;
    for (int d = inner_ - 1; d >= 0; --d) {
      at_[d] = rest % index.size[d];
      rest /= index.size[d];
      for (int k = 0; k < kOperands; ++k) start_[k] += at_[d] * index.stride[k][d];
    }
  }

  // From here to the end of the row, but not more than that.
  Row<kOperands> row(int64_t most) const {
    Row<kOperands> row;
    for (int k = 0; k < kOperands; ++k) {
      row.first[k] = start_[k] + place_ * step_[k];
      row.step[k] = step_[k];
    }
    row.count = size_ - place_ < most ? size_ - place_ : most;
    return row;
  }

  // By no more than the row has.
  void advance(int64_t count) {
    place_ += count;
    if (place_ < size_) return;
    place_ = 0;
    for (int d = inner_ - 1; d >= 0; --d) {
      const bool wraps = ++at_[d] == index_.size[d];
      const int64_t steps = wraps ? 1 - at_[d] : 1;
      for (int k = 0; k < kOperands; ++k) start_[k] += steps * index_.stride[k][d];
      if (!wraps) break;
      at_[d] = 0;
    }
  }

 private:
  const Strided<kOperands>& index_;
  int inner_;
  int64_t size_;  // of a row
  int64_t step_[kOperands];
  int64_t place_;                  // in the row
  int64_t start_[kOperands] = {};  // of the row
  int64_t at_[kMaxRank] = {};      // of the row, in the outer dimensions
};

// Calls function(row) for the elements [begin, end) of the index, in order; the first and the last
// row may be parts of one.
template <int kOperands, typename Function>
void for_each_row(const Strided<kOperands>& index, int64_t begin, int64_t end, Function function) {
  if (index.contiguous || index.rank == 0) {  // soon done, where there is little
    Row<kOperands> row = {.count = end - begin};
    for (int k = 0; k < kOperands; ++k) row.first[k] = begin, row.step[k] = 1;
    return function(row);
  }
  RowCursor<kOperands> at(index, begin);
  while (begin < end) {
    const Row<kOperands> row = at.row(end - begin);
    function(row);
    at.advance(row.count);
    begin += row.count;
  }
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_ROWS_H_
