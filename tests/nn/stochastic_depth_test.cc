#include "nn/stochastic_depth.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/device.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using testing::expect_error;
using Index = std::vector<int64_t>;

const RngKey kKey = RngKey(7) / "blocks.0.drop_path";

bool is_strictly_ascending(const Index& index) {
  return std::adjacent_find(index.begin(), index.end(), std::greater_equal<>()) == index.end();
}

TEST(StochasticDepthTest, DropPathKeepsAShareOnAverage) {
  constexpr int64_t kBatch = 100000;
  const KeptSamples kept = drop_path(kBatch, 0.3, kKey);
  EXPECT_NEAR(static_cast<double>(kept.index.size()), 0.7 * kBatch, 4 * std::sqrt(0.21 * kBatch));
  EXPECT_TRUE(is_strictly_ascending(kept.index));
  EXPECT_GE(kept.index.front(), 0);
  EXPECT_LT(kept.index.back(), kBatch);
  EXPECT_DOUBLE_EQ(kept.scale, 1 / 0.7);
  EXPECT_EQ(drop_path(3, 0, kKey).index, (Index{0, 1, 2}));
  EXPECT_EQ(drop_path(3, 0, kKey).scale, 1);
  EXPECT_TRUE(drop_path(3, 1, kKey).index.empty());
  EXPECT_EQ(drop_path(3, 1, kKey).scale, 1);
  EXPECT_TRUE(drop_path(0, 0.5, kKey).index.empty());
}

// max(int(batch * (1 - ratio)), 1), as Python computes it.
TEST(StochasticDepthTest, ASubsetHasItsSize) {
  struct {
    int64_t batch;
    double ratio;
    size_t size;
  } const kCases[] = {{64, 0.4, 38}, {10, 0.3, 7}, {10, 0.9, 1}, {3, 0.99, 1},
                      {5, 0, 5},     {5, 1, 1},    {1, 0.5, 1}};
  for (const auto& [batch, ratio, size] : kCases) {
    const KeptSamples kept = sample_subset(batch, ratio, kKey);
    EXPECT_EQ(kept.index.size(), size) << batch << " " << ratio;
    EXPECT_TRUE(is_strictly_ascending(kept.index));
    EXPECT_GE(kept.index.front(), 0);
    EXPECT_LT(kept.index.back(), batch);
    EXPECT_DOUBLE_EQ(kept.scale, static_cast<double>(batch) / static_cast<double>(size));
  }
}

// Each of the ten pairs of five, about as often.
TEST(StochasticDepthTest, AllSubsetsAreAsLikely) {
  constexpr uint32_t kTrials = 20000;
  std::map<Index, double> times;
  for (uint32_t i = 0; i < kTrials; ++i) {
    ++times[sample_subset(5, 0.5, kKey.with_generation(i)).index];
  }
  EXPECT_EQ(times.size(), 10u);
  double chi_squared = 0;
  for (const auto& [index, count] : times) {
    chi_squared += (count - kTrials / 10.0) * (count - kTrials / 10.0) / (kTrials / 10.0);
  }
  EXPECT_LT(chi_squared, 34);  // 9 degrees of freedom: once in 10000 keys
}

TEST(StochasticDepthTest, IsAFunctionOfItsKey) {
  EXPECT_EQ(sample_subset(64, 0.5, kKey).index, sample_subset(64, 0.5, kKey).index);
  EXPECT_EQ(drop_path(64, 0.5, kKey).index, drop_path(64, 0.5, kKey).index);
  EXPECT_NE(sample_subset(64, 0.5, kKey).index,
            sample_subset(64, 0.5, kKey.with_generation(1)).index);
  EXPECT_NE(drop_path(64, 0.5, kKey).index, drop_path(64, 0.5, RngKey(8)).index);
  // In a meta scope too: the choice is the host's.
  DeviceScope scope(Device::meta());
  EXPECT_EQ(drop_path(3, 0, kKey).index.size(), 3u);
  EXPECT_EQ(sample_subset(3, 0, kKey).index.size(), 3u);
}

TEST(StochasticDepthTest, RefusesWhatIsNoShare) {
  for (const double share : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error(ErrorCode::kValue, {"drop_path", "drop_prob is", "from 0 to 1"},
                 [&] { drop_path(4, share, kKey); });
    expect_error(ErrorCode::kValue, {"sample_subset", "drop_ratio is", "from 0 to 1"},
                 [&] { sample_subset(4, share, kKey); });
  }
  expect_error(ErrorCode::kValue, {"drop_path", "-1 samples", "0 or more"},
               [] { drop_path(-1, 0.5, kKey); });
  expect_error(ErrorCode::kValue, {"sample_subset", "0 samples", "1 or more"},
               [] { sample_subset(0, 0.5, kKey); });
}

}  // namespace
}  // namespace hollow::nn
