#include "nn/nearest_name.h"

#include "gtest/gtest.h"

namespace hollow::nn {
namespace {

TEST(NearestNameTest, IsTheFewestEditsAway) {
  const std::vector<std::string> names = {"fc.bias", "fc.weight", "ls1.gamma", "ls2.gamma"};
  EXPECT_EQ(nearest_name("fc.wieght", names), "fc.weight");
  EXPECT_EQ(nearest_name("fc.weight", names), "fc.weight");
  EXPECT_EQ(nearest_name("ls3.gamma", names), "ls1.gamma");  // the first of two
  EXPECT_EQ(nearest_name("ls.gamma", names), "ls1.gamma");
  EXPECT_EQ(nearest_name("module.fc.bias", names), "fc.bias");
  EXPECT_EQ(nearest_name("c.bias", names), "fc.bias");
}

TEST(NearestNameTest, NoNameWhereNoneIsNear) {
  EXPECT_EQ(nearest_name("optimizer.step", {"a", "b"}), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(nearest_name("", {"weight"}), "");
}

}  // namespace
}  // namespace hollow::nn
