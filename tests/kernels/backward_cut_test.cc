#include "kernels/cpu/backward_cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/scale_flat.h"

namespace hollow::kernels {
namespace {

std::string where(int64_t rows, int64_t dim, int64_t item_size) {
  return std::to_string(rows) + " x " + std::to_string(dim) + " of " + std::to_string(item_size);
}

TEST(BackwardCutTest, EveryElementIsInOneTask) {
  constexpr int64_t kRows[] = {1, 2, 23, 24, 33, 47, 48, 100, 257, 5000, int64_t{1} << 31};
  constexpr int64_t kDims[] = {1,    7,    31,   64,   384,   385,    1023,
                               2048, 4100, 8192, 8193, 70001, 1 << 20};
  for (const int64_t rows : kRows) {
    for (const int64_t dim : kDims) {
      for (const int64_t item_size : {2, 4}) {
        SCOPED_TRACE(where(rows, dim, item_size));
        const BackwardCut cut(rows, dim, item_size);
        EXPECT_EQ(cut.row(0), 0);
        for (int64_t i = 0; i < cut.groups(); ++i) {
          ASSERT_LT(cut.row(i), cut.row(i + 1));
          const bool is_short = rows < 64 * cut.groups();
          ASSERT_TRUE(is_short || cut.row(i) * dim * item_size % 64 == 0);
        }
        EXPECT_EQ(cut.row(cut.groups()), rows);
        EXPECT_EQ(cut.channel(0), 0);
        for (int64_t i = 0; i < cut.tiles(); ++i) {
          ASSERT_LT(cut.channel(i), cut.channel(i + 1));
          ASSERT_LE(cut.channel(i + 1) - cut.channel(i), kMostChannels);
          ASSERT_EQ(cut.channel(i) % kScaleStep, 0);
          ASSERT_EQ(cut.tile_of(cut.channel(i)), i);
          ASSERT_EQ(cut.tile_of(cut.channel(i + 1) - 1), i);
        }
        EXPECT_EQ(cut.channel(cut.tiles()), dim);
      }
    }
  }
}

// The larger part of the elements, where the first half of the tasks is one thread's. Groups of one
// tile are neighbours.
double larger_half(const BackwardCut& cut, int64_t rows, int64_t dim) {
  const int64_t tasks = cut.groups() * cut.tiles();
  double first = 0;
  for (int64_t task = 0; task < tasks / 2; ++task) {
    const int64_t tile = task / cut.groups(), group = task % cut.groups();
    first += static_cast<double>(cut.row(group + 1) - cut.row(group)) *
             static_cast<double>(cut.channel(tile + 1) - cut.channel(tile));
  }
  const double share = first / (static_cast<double>(rows) * static_cast<double>(dim));
  return std::max(share, 1 - share);
}

TEST(BackwardCutTest, ThreadsGetAsMuch) {
  constexpr struct {
    int64_t rows, dim;
  } kShapes[] = {{257, 384},  {257, 385},  {197, 383},   {197, 768},  {170, 384},
                 {400, 99},   {100, 333},  {48, 1000},   {33, 1000},  {33, 1023},
                 {33, 4096},  {8, 4096},   {8, 8200},    {1, 65536},  {577, 1023},
                 {1025, 385}, {5000, 129}, {100000, 17}, {300000, 1}, {16448, 385}};
  for (const auto& [rows, dim] : kShapes) {
    for (const int64_t item_size : {2, 4}) {
      const BackwardCut cut(rows, dim, item_size);
      if (cut.groups() * cut.tiles() == 1) continue;
      EXPECT_LT(larger_half(cut, rows, dim), 0.56) << where(rows, dim, item_size);
    }
  }
}

// Elements that one thread gets alone are few, unless their rows are few and short in bytes.
TEST(BackwardCutTest, WhatIsWorthAThreadIsCut) {
  for (const auto& [rows, dim] : std::vector<std::pair<int64_t, int64_t>>{
           {400, 99}, {128, 510}, {86, 384}, {24, 1400}, {8, 4096}, {2, 20000}, {1, 65536}}) {
    const BackwardCut cut(rows, dim, 4);
    EXPECT_GE(cut.groups() * cut.tiles(), 2) << where(rows, dim, 4);
  }
  EXPECT_EQ(BackwardCut(84, 384, 4).groups(), 1);
  EXPECT_EQ(BackwardCut(1, 8000, 4).tiles(), 1);
}

}  // namespace
}  // namespace hollow::kernels
