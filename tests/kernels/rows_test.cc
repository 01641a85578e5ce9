#include "kernels/cpu/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace hollow::kernels {
namespace {

using Offsets = std::vector<std::pair<int64_t, int64_t>>;

// Of the elements [begin, end), as an index defines them, and as rows lead to them.
Offsets by_definition(const Strided<2>& index, int64_t begin, int64_t end) {
  Offsets offsets;
  for (int64_t i = begin; i < end; ++i)
    offsets.emplace_back(index.offset(0, i), index.offset(1, i));
  return offsets;
}

Offsets by_rows(const Strided<2>& index, int64_t begin, int64_t end) {
  Offsets offsets;
  for_each_row(index, begin, end, [&](const Row<2>& row) {
    for (int64_t i = 0; i < row.count; ++i) {
      offsets.emplace_back(row.first[0] + i * row.step[0], row.first[1] + i * row.step[1]);
    }
  });
  return offsets;
}

TEST(RowsTest, LeadWhereTheIndexDoesFromAnywhereToAnywhere) {
  std::mt19937_64 random(71);
  for (int trial = 0; trial < 400; ++trial) {
    Strided<2> index;
    index.numel = 1;
    index.rank = static_cast<int>(random() % (kMaxRank + 1));
    for (int d = 0; d < index.rank; ++d) {
      index.size[d] = 1 + static_cast<int64_t>(random() % 4);
      index.numel *= index.size[d];
      for (auto& stride : index.stride) stride[d] = static_cast<int64_t>(random() % 1000);
    }
    const auto any = [&] { return static_cast<int64_t>(random() % (index.numel + 1)); };
    const auto [begin, end] = std::minmax({any(), any()});
    ASSERT_EQ(by_rows(index, begin, end), by_definition(index, begin, end)) << trial;
    ASSERT_EQ(by_rows(index, 0, index.numel), by_definition(index, 0, index.numel)) << trial;
  }
}

TEST(RowsTest, AContiguousIndexIsOneRow) {
  Strided<2> index;
  index.numel = 100;
  index.contiguous = true;
  int rows = 0;
  for_each_row(index, 7, 93, [&](const Row<2>& row) {
    ++rows;
    EXPECT_TRUE(row.is_contiguous());
    EXPECT_EQ(row.first[0], 7);
    EXPECT_EQ(row.first[1], 7);
    EXPECT_EQ(row.count, 86);
  });
  EXPECT_EQ(rows, 1);
}

TEST(RowsTest, ARowIsContiguousWhereEveryOperandIs) {
  Row<2> row = {.first = {0, 0}, .step = {1, 1}, .count = 2};
  EXPECT_TRUE(row.is_contiguous());
  for (const int64_t step : {0, 2, -1}) {
    row.step[1] = step;
    EXPECT_FALSE(row.is_contiguous()) << step;
  }
}

}  // namespace
}  // namespace hollow::kernels
