// Which elements of a random fill (kernels/random.h) come from which block, for a kernel that makes
// one block in each thread.
//
//   const RandomRows<4> rows(index, first);
//   for each i in [0, rows.blocks): piece = rows.piece(i);   // elements of one row, from one block
//
// Rows are the index's innermost dimension. A row may begin and end within a block, so it is given
// one block more than its length asks for; some pieces are empty. Where the elements of a row do
// not follow each other in the whole tensor, each is a piece.
#ifndef HOLLOW_KERNELS_RANDOM_ROWS_H_
#define HOLLOW_KERNELS_RANDOM_ROWS_H_

#include <cstdint>

#include "kernels/hd.h"
#include "kernels/strided.h"

namespace hollow::kernels {

// Value word + j of the block goes to y[at + j * step], for 0 <= j < count.
struct RandomPiece {
  int64_t block;
  int64_t at;
  int64_t step;
  int word;
  int count;
};

template <int kPerBlock>
struct RandomRows {
  // Requires at least one element.
  RandomRows(const Strided<2>& elements, int64_t first_element)
      : index(elements),
        first(first_element),
        row(index.contiguous ? index.numel : index.size[index.rank - 1]),
        y_step(index.contiguous ? 1 : index.stride[0][index.rank - 1]),
        step(index.contiguous ? 1 : index.stride[1][index.rank - 1]),
        row_blocks(step == 1 ? (row + 2 * kPerBlock - 2) / kPerBlock : row),
        blocks(index.numel / row * row_blocks) {}

  HOLLOW_HD RandomPiece piece(int64_t i) const {
    // A contiguous tensor is one row, and a device divides 64 bits slowly.
    const int64_t number = blocks == row_blocks ? 0 : i / row_blocks;
    const int64_t begin = number * row;             // of the row, as an index
    const int64_t place = i - number * row_blocks;  // of the block in the row
    const int64_t element = first + index.offset(1, begin);
    const int64_t to = index.offset(0, begin);
    if (step != 1) {
      const int64_t here = element + place * step;
      return {here / kPerBlock, to + place * y_step, y_step, static_cast<int>(here % kPerBlock), 1};
    }
    const int64_t block = element / kPerBlock + place;
    const int64_t of_block = block * kPerBlock - element;  // its first value, as a place in the row
    const int64_t from = of_block < 0 ? 0 : of_block;
    const int64_t end = of_block + kPerBlock < row ? of_block + kPerBlock : row;
    const int count = from < end ? static_cast<int>(end - from) : 0;
    return {block, to + from * y_step, y_step, static_cast<int>(from - of_block), count};
  }

  Strided<2> index;
  int64_t first;
  int64_t row;
  int64_t y_step;
  int64_t step;
  int64_t row_blocks;
  int64_t blocks;
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_RANDOM_ROWS_H_
