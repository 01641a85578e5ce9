#include "kernels/runs.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace hollow::kernels {
namespace {

// Tokens 1 to 4 of 5, in 3 samples of 6 channels; beside the same, contiguous.
Strided<2> tokens() {
  Strided<2> index;
  index.numel = 3 * 4 * 6;
  index.rank = 2;
  index.size[0] = 3;
  index.size[1] = 4 * 6;
  index.stride[0][0] = 4 * 6;
  index.stride[1][0] = 5 * 6;
  index.stride[0][1] = index.stride[1][1] = 1;
  return index;
}

TEST(RunsTest, AreWholeRowsWithoutGaps) {
  EXPECT_TRUE(lie_in_runs(tokens(), 6));
  EXPECT_TRUE(lie_in_runs(tokens(), 1));
  EXPECT_FALSE(lie_in_runs(tokens(), 5)) << "a run ends within a row";
  EXPECT_FALSE(lie_in_runs(tokens(), 0)) << "there are no channels";
  for (int operand = 0; operand < 2; ++operand) {
    Strided<2> index = tokens();
    index.stride[operand][1] = 2;
    EXPECT_FALSE(lie_in_runs(index, 6)) << operand;
  }
  EXPECT_FALSE(lie_in_runs(Strided<2>{.numel = 1}, 1)) << "a scalar has no dimension";
  Strided<2> deep = tokens();
  deep.rank = kMaxRank;
  for (int d = 2; d < kMaxRank; ++d) {
    deep.size[d] = 6;
    deep.stride[0][d] = deep.stride[1][d] = 1;
  }
  EXPECT_FALSE(lie_in_runs(deep, 6)) << "there is no room for the channels";
}

TEST(RunsTest, ChannelsStandBesideEveryRow) {
  const Strided<2> runs = tokens();
  const Strided<3> index = beside_channels(runs, 6);
  ASSERT_EQ(index.numel, runs.numel);
  EXPECT_FALSE(index.contiguous);
  for (int64_t i = 0; i < runs.numel; ++i) {
    ASSERT_EQ(index.offset(0, i), runs.offset(0, i)) << i;
    ASSERT_EQ(index.offset(1, i), runs.offset(1, i)) << i;
    ASSERT_EQ(index.offset(2, i), i % 6) << i;
  }
}

}  // namespace
}  // namespace hollow::kernels
