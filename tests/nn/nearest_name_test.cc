#include "nn/nearest_name.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace hollow::nn {
namespace {

std::string nearest(absl::string_view key, std::vector<std::string> names) {
  return NearestName(std::move(names)).of(key);
}

TEST(NearestNameTest, IsTheFewestEditsAway) {
  const NearestName names({"fc.bias", "fc.weight", "ls1.gamma", "ls2.gamma"});
  EXPECT_EQ(names.of("fc.wieght"), "fc.weight");
  EXPECT_EQ(names.of("fc.weight"), "fc.weight");
  EXPECT_EQ(nearest("ac", {"ab", "ad"}), "ab");  // the first of two
  EXPECT_EQ(names.of("ls.gamma"), "ls1.gamma");
  EXPECT_EQ(names.of("c.bias"), "fc.bias");
}

TEST(NearestNameTest, HasTheSameNumbersOrTheNextLowerOnes) {
  const NearestName names({"blocks.0.ls1.gamma", "blocks.0.ls2.gamma", "blocks.9.ls1.gamma",
                           "blocks.9.ls2.gamma", "blocks.10.ls1.gamma", "blocks.10.ls2.gamma"});
  EXPECT_EQ(names.of("blocks.10.ls2.gama"), "blocks.10.ls2.gamma");
  EXPECT_EQ(names.of("blocks.9.ls1.gama"), "blocks.9.ls1.gamma");
  EXPECT_EQ(names.of("block.9.ls1.gamma"), "blocks.9.ls1.gamma");
  EXPECT_EQ(names.of("blocks.11.ls1.gamma"), "blocks.10.ls1.gamma");
  EXPECT_EQ(names.of("blocks.5.ls3.gamma"), "blocks.0.ls2.gamma");
  EXPECT_EQ(names.of("blocks.12.ls0.gamma"), "blocks.10.ls1.gamma");
  EXPECT_EQ(names.of("blocks.3.9.ls2.gamma"), "blocks.9.ls2.gamma");
  EXPECT_EQ(names.of("blocks.9.ls99999999999999999999999.gamma"), "");
  EXPECT_EQ(names.of("blocks.ls2.gamma"), "blocks.0.ls2.gamma");
  EXPECT_EQ(nearest("h.0.w", {"h.1.w", "h.2.w"}), "h.1.w");  // none is lower
}

TEST(NearestNameTest, HasTheSameNumberInAPart) {
  const NearestName names({"q1.weight", "q2.weight", "q10.weight"});
  EXPECT_EQ(names.of("p10.weight"), "q10.weight");
  EXPECT_EQ(names.of("p9.weight"), "q2.weight");
}

TEST(NearestNameTest, ASignForNumbersMayBeInAName) {
  const NearestName names({"a#b1", "a2b3", "#", "7"});
  for (const char* const key : {"a9b9", "a#b7", "8"}) EXPECT_NE(names.of(key), "") << key;
}

TEST(NearestNameTest, IsTheSameBehindAPrefixHoweverLong) {
  const NearestName names({"fc.bias", "blocks.0.fc.bias", "head.norm.weight", "gamma"});
  EXPECT_EQ(names.of("fully_sharded_data_parallel.module.fc.bias"), "fc.bias");
  EXPECT_EQ(names.of("module.blocks.0.fc.bias"), "blocks.0.fc.bias");
  EXPECT_EQ(names.of("norm.weight"), "head.norm.weight");
  EXPECT_EQ(names.of("0.fc.bias"), "blocks.0.fc.bias");
  EXPECT_EQ(nearest("fc.bias", {"a.longer.fc.bias", "a.fc.bias"}), "a.fc.bias");  // the shortest
}

TEST(NearestNameTest, OnePartAloneTellsNothingOfALongName) {
  const NearestName names({"weight", "blocks.11.attention.projection.weihgt"});
  EXPECT_EQ(names.of("blocks.11.attention.projection.weight"),
            "blocks.11.attention.projection.weihgt");
  EXPECT_EQ(nearest("weight", {"blocks.11.attention.projection.weight"}), "");
  EXPECT_EQ(nearest("model.weight", {"weight"}), "weight");
}

TEST(NearestNameTest, NoNameWhereNoneIsNear) {
  EXPECT_EQ(nearest("optimizer.step", {"a", "b"}), "");
  EXPECT_EQ(nearest("x", {}), "");
  EXPECT_EQ(nearest("", {"weight"}), "");
  EXPECT_EQ(nearest(".", {"weight"}), "");
}

}  // namespace
}  // namespace hollow::nn
