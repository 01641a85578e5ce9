// Cases 25 and 27 of docs/semantics.md, over time: the bits are those of the first commit.
//
// The keys and the uniform values in the file were checked against an implementation in Python that
// shares no code with this one (tests/golden/check_random_values.py).

#include "tests/golden/random_values.h"

#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace hollow {
namespace {

std::string golden() {
  std::ifstream file("tests/golden/random_values.txt");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(RandomValuesTest, CpuBitsAreGolden) {
  ASSERT_FALSE(golden().empty());
  EXPECT_EQ(golden_random_values(Device::cpu()), golden());
}

TEST(RandomValuesTest, CudaBitsAreGolden) {
  if (Device::cuda_count() == 0) GTEST_SKIP() << Device::why_no_cuda();
  EXPECT_EQ(golden_random_values(Device::cuda(0)), golden());
}

}  // namespace
}  // namespace hollow
