#include "kernels/strided.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace hollow::kernels {
namespace {

TEST(StridedTest, OffsetsAreThoseOfNestedLoops) {
  Strided<3> s;
  s.rank = 3;
  s.numel = 2 * 3 * 4;
  const int64_t kSize[] = {2, 3, 4};
  const int64_t kStride[3][3] = {{12, 4, 1}, {1, 2, 6}, {0, 5, 0}};
  for (int d = 0; d < 3; ++d) {
    s.size[d] = kSize[d];
    for (int operand = 0; operand < 3; ++operand) s.stride[operand][d] = kStride[operand][d];
  }
  int64_t index = 0;
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      for (int64_t k = 0; k < 4; ++k, ++index) {
        ASSERT_EQ(s.offset(0, index), 12 * i + 4 * j + k);
        ASSERT_EQ(s.offset(1, index), i + 2 * j + 6 * k);
        ASSERT_EQ(s.offset(2, index), 5 * j);
      }
    }
  }
}

TEST(StridedTest, ContiguousForgetsTheRest) {
  Strided<1> s;
  s.numel = 10;
  s.contiguous = true;
  for (const int64_t i : {int64_t{0}, int64_t{9}, int64_t{1} << 40}) EXPECT_EQ(s.offset(0, i), i);
}

TEST(StridedTest, AScalarIsElementZero) {
  Strided<2> s;
  s.numel = 1;
  EXPECT_EQ(s.offset(0, 0), 0);
  EXPECT_EQ(s.offset(1, 0), 0);
}

TEST(StridedTest, EightDimensionsAndLargeOffsets) {
  Strided<1> s;
  s.rank = kMaxRank;
  s.numel = 256;
  for (int d = 0; d < kMaxRank; ++d) {
    s.size[d] = 2;
    s.stride[0][d] = int64_t{1} << (5 * d + 3);
  }
  for (int64_t i = 0; i < 256; ++i) {
    int64_t expected = 0;
    for (int d = 0; d < kMaxRank; ++d) {
      if ((i >> (kMaxRank - 1 - d) & 1) != 0) expected += int64_t{1} << (5 * d + 3);
    }
    ASSERT_EQ(s.offset(0, i), expected);
  }
}

}  // namespace
}  // namespace hollow::kernels
