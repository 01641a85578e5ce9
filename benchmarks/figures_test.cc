#include "benchmarks/figures.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hollow::benchmarks {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Part> parts() {
  return {{.title = "a \"part\"",
           .figures = {{.name = "sampled",
                        .unit = "ns",
                        .value = {1.234, 23.45, 345.6},
                        .goal = 8.0,
                        .beside = {{"null test", {-0.251, -0.001, 0.25}}}},
                       {.name = "counted", .unit = "bytes", .value = exactly(12345.0)}}}};
}

TEST(FiguresTest, TheTableHasThreeDigitsSpreadGoalAndWhatIsBeside) {
  const std::string table = to_table(parts());
  EXPECT_THAT(table, HasSubstr("a \"part\"\n"));
  EXPECT_THAT(table, HasSubstr("23.4 ns"));
  EXPECT_THAT(table, HasSubstr("1.23 .. 346"));
  EXPECT_THAT(table, HasSubstr(" 8  null test 0.00 (-0.25 .. 0.25)\n"));
}

TEST(FiguresTest, WhatWasCountedHasNoSpread) {
  const std::string table = to_table(parts());
  const std::string row = table.substr(table.find("counted"));
  EXPECT_THAT(row, HasSubstr("12345 bytes"));
  EXPECT_THAT(row, Not(HasSubstr("..")));
}

TEST(FiguresTest, Json) {
  const std::vector<std::pair<std::string, std::string>> context = {{"cpu_model", "a\\b"}};
  EXPECT_EQ(to_json(context, parts()),
            R"({"cpu_model": "a\\b",
"parts": [
{"title": "a \"part\"", "figures": [
  {"name": "sampled", "unit": "ns", "low": 1.234, "median": 23.45, "high": 345.6, "goal": 8, )"
            R"("null test": {"low": -0.251, "median": -0.001, "high": 0.25}},
  {"name": "counted", "unit": "bytes", "low": 12345, "median": 12345, "high": 12345}]}]}
)");
}

}  // namespace
}  // namespace hollow::benchmarks
