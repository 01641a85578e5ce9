#include "tensor/overwrites.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tensor/shape.h"

namespace hollow {
namespace {

constexpr int64_t kNumel = 20000;

// Elements [begin, end), every `step`-th of them.
Layout part(int64_t begin, int64_t end, int64_t step = 1) {
  return {{(end - begin) / step}, {step}, begin};
}

TEST(OverwritesTest, WhatIsRestoredMustBeWhatWasOverwritten) {
  Overwrites overwrites;
  EXPECT_FALSE(overwrites.any());
  overwrites.add(part(10, 20), kNumel);
  overwrites.restore(part(0, 10), kNumel);
  overwrites.restore(part(10, 15), kNumel);
  EXPECT_TRUE(overwrites.any());
  overwrites.restore(part(15, 30), kNumel);
  EXPECT_FALSE(overwrites.any());
}

TEST(OverwritesTest, AllAreRestoredInParts) {
  Overwrites overwrites;
  overwrites.add(part(0, kNumel), kNumel);
  overwrites.restore(part(0, kNumel, 10), kNumel);
  for (int64_t i = 1; i < 10; ++i) {
    EXPECT_TRUE(overwrites.any());
    overwrites.restore(part(i, kNumel + i, 10), kNumel);
  }
  EXPECT_FALSE(overwrites.any());
}

TEST(OverwritesTest, BeyondSomeThousandRangesAllCount) {
  Overwrites overwrites;
  overwrites.add(part(0, kNumel, 2), kNumel);
  overwrites.restore(part(0, kNumel, 2), kNumel);
  EXPECT_TRUE(overwrites.any());
  overwrites.restore(part(0, kNumel), kNumel);
  EXPECT_FALSE(overwrites.any());
}

TEST(OverwritesTest, ACopyKnowsTheSame) {
  Overwrites overwrites, copy;
  overwrites.add(part(10, 20), kNumel);
  copy = overwrites;
  overwrites.clear();
  EXPECT_FALSE(overwrites.any());
  copy.restore(part(10, 20), kNumel);
  EXPECT_FALSE(copy.any());
}

}  // namespace
}  // namespace hollow
