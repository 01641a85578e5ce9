#include "tensor/padded.h"

#include "gtest/gtest.h"

namespace hollow {
namespace {

TEST(PaddedTest, FillsUpWithSpacesAndCutsNothing) {
  EXPECT_EQ(padded("gamma", 8), "gamma   ");
  EXPECT_EQ(padded("gamma", 5), "gamma");
  EXPECT_EQ(padded("gamma", 3), "gamma");
  EXPECT_EQ(padded("", 2), "  ");
}

}  // namespace
}  // namespace hollow
