#include "benchmarks/results.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace hollow::benchmarks {
namespace {

Result result(const std::string& name, double seconds, double ceiling = 0.0) {
  return {.name = parse_case_name(name),
          .repetitions = 1,
          .seconds = seconds,
          .bytes_per_second = 1.0 / seconds,
          .ceiling = ceiling};
}

TEST(ResultsTest, OursHasNoSuffix) {
  const CaseName ours = parse_case_name("forward/f32/257x384/cuda:0");
  EXPECT_EQ(ours.op, "forward");
  EXPECT_EQ(ours.dtype, "f32");
  EXPECT_EQ(ours.shape, "257x384");
  EXPECT_EQ(ours.device, "cuda:0");
  EXPECT_TRUE(ours.is_ours());
  EXPECT_EQ(to_string(ours), "forward/f32/257x384/cuda:0");

  const CaseName peer = parse_case_name("forward/f32/257x384/cuda:0/torch");
  EXPECT_EQ(peer.implementation, "torch");
  EXPECT_FALSE(peer.is_ours());
  EXPECT_EQ(to_string(peer), "forward/f32/257x384/cuda:0/torch");
  EXPECT_TRUE(peer.same_work(ours));
}

TEST(ResultsTest, TheFastestPeerOfTheSameWorkCounts) {
  std::vector<Result> results = {
      result("add/f32/1x384/cpu", 2.0),        result("add/f32/1x384/cpu/slow", 10.0),
      result("add/f32/1x384/cpu/fast", 3.0),   result("add/f16/1x384/cpu/other", 0.1),
      result("add/f32/1x1024/cpu/other", 0.1), result("add/f32/1x384/cuda:0/other", 0.1),
      result("inplace/f32/1x384/cpu/p", 0.1),
  };
  compare(results);
  EXPECT_DOUBLE_EQ(results[0].x_vs_peer, 1.5);
  for (size_t i = 1; i < results.size(); ++i) EXPECT_EQ(results[i].x_vs_peer, 0.0) << i;
}

TEST(ResultsTest, WithoutAPeerThereIsNoRatio) {
  std::vector<Result> results = {result("add/f32/1x384/cpu", 2.0)};
  compare(results);
  EXPECT_EQ(results[0].x_vs_peer, 0.0);
}

TEST(ResultsTest, WhatFailedIsNotCompared) {
  std::vector<Result> results = {result("add/f32/1x384/cpu", 2.0),
                                 result("add/f32/1x384/cpu/wrong", 0.1),
                                 result("add/f32/1x384/cpu/right", 3.0)};
  results[1].failure = "computes something else";
  compare(results);
  EXPECT_DOUBLE_EQ(results[0].x_vs_peer, 1.5);

  results[0].failure = "out of memory";
  compare(results);
  EXPECT_EQ(results[0].x_vs_peer, 0.0);
}

TEST(ResultsTest, TheCeilingIsTheHighestThatAnyImplementationSaw) {
  std::vector<Result> results = {result("add/f32/1x384/cpu", 2.0, 1.0),
                                 result("add/f32/1x384/cpu/peer", 4.0, 2.0),
                                 result("add/f16/1x384/cpu", 4.0, 8.0)};
  compare(results);
  EXPECT_EQ(results[0].ceiling, 2.0);
  EXPECT_DOUBLE_EQ(results[0].pct_ceiling(), 25.0);
  EXPECT_DOUBLE_EQ(results[1].pct_ceiling(), 12.5);
}

TEST(ResultsTest, InTheOrderOfRegistration) {
  std::vector<Result> results = {result("b/f32/1x1/cpu", 1.0), result("a/f32/1x1/cpu", 1.0)};
  results[0].order = 1;
  compare(results);
  EXPECT_EQ(results[0].name.op, "a");
}

}  // namespace
}  // namespace hollow::benchmarks
