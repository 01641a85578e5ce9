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
          const bool are_many = rows >= 256 * cut.groups();  // eight times what may be a line
          ASSERT_TRUE(!are_many || cut.row(i) * dim * item_size % 64 == 0);
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

// The largest part of the elements that one of so many threads gets, where they take as many tasks
// each. Groups of one tile are neighbours.
double largest_part(const BackwardCut& cut, int64_t rows, int64_t dim, int64_t threads) {
  const int64_t tasks = cut.groups() * cut.tiles();
  double largest = 0;
  for (int64_t thread = 0; thread < threads; ++thread) {
    double part = 0;
    for (int64_t task = tasks * thread / threads; task < tasks * (thread + 1) / threads; ++task) {
      const int64_t tile = task / cut.groups(), group = task % cut.groups();
      part += static_cast<double>(cut.row(group + 1) - cut.row(group)) *
              static_cast<double>(cut.channel(tile + 1) - cut.channel(tile));
    }
    largest = std::max(largest, part);
  }
  return largest / (static_cast<double>(rows) * static_cast<double>(dim));
}

TEST(BackwardCutTest, ThreadsGetAsMuch) {
  const std::vector<std::pair<int64_t, int64_t>> shapes = {
      {257, 384},  {257, 385},  {197, 383},  {197, 768},   {170, 384},  {400, 99},    {100, 333},
      {48, 1000},  {33, 1000},  {33, 1023},  {33, 4096},   {8, 4096},   {8, 8200},    {1, 65536},
      {577, 1023}, {1025, 385}, {5000, 129}, {100000, 17}, {300000, 1}, {16448, 385}, {76, 479},
      {86, 385},   {150, 385},  {197, 385},  {197, 197},   {75, 438},   {24, 3072},   {8, 33000},
      {16, 40000}, {3, 50000},  {60, 9001}};
  for (const auto& [rows, dim] : shapes) {
    for (const int64_t item_size : {2, 4}) {
      const BackwardCut cut(rows, dim, item_size);
      const int64_t tasks = cut.groups() * cut.tiles();
      for (const int64_t threads : {2, 4}) {
        if (tasks < threads) continue;
        EXPECT_LT(largest_part(cut, rows, dim, threads), threads == 2 ? 0.56 : 0.32)
            << where(rows, dim, item_size);
      }
    }
  }
}

// Alone, a thread gets few elements, unless their rows are few and short.
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
