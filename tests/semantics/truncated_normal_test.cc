// Case 29 of docs/semantics.md: a truncated normal is one word an element, within its bounds, and
// has the moments that it should, in the tails as well.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/philox.h"
#include "nn/init.h"
#include "nn/module.h"
#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int64_t kNumel = 200'000;

struct Cut {
  double mean, std, a, b;
};

constexpr Cut kCuts[] = {
    {0, 1, -2, 2},          // torch's defaults
    {0, 0.02, -2, 2},       // bounds 100 deviations away
    {10, 1, -2, 2},         // torch: always -2
    {-10, 1, -2, 2},        //
    {0, 1, 5, kInf},        // a tail that never ends
    {0, 1, -kInf, -5},      //
    {3, 2, -kInf, kInf},    // nothing cut
    {0, 1, 30, 31},         // where the density underflows an f32
    {0, 1, -0.001, 0.002},  // all but uniform
    {1e-5, 1e-6, 0, 1e-5},  //
};

std::string name(const Cut& cut) {
  return "N(" + std::to_string(cut.mean) + ", " + std::to_string(cut.std) + ") on [" +
         std::to_string(cut.a) + ", " + std::to_string(cut.b) + "]";
}

std::vector<float> draw(const Cut& cut) {
  const Tensor tensor = empty({kNumel});
  trunc_normal_(tensor, cut.mean, cut.std, cut.a, cut.b, RngKey(0) / "w");
  return tensor.to_vector<float>();
}

// Mean and deviation by Simpson's rule, over as much of the interval as has any mass.
std::pair<double, double> moments(const Cut& cut) {
  const double alpha = (cut.a - cut.mean) / cut.std, beta = (cut.b - cut.mean) / cut.std;
  const double peak = std::clamp(0.0, alpha, beta);
  const double lo = std::max(alpha, peak - 12), hi = std::min(beta, peak + 12);
  constexpr int kSteps = 200'000;
  const double h = (hi - lo) / kSteps;
  double mass = 0, first = 0, second = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double z = lo + i * h;
    const double weight = (i == 0 || i == kSteps ? 1
                           : i % 2 == 1          ? 4
                                                 : 2) *
                          std::exp((peak * peak - z * z) / 2);
    mass += weight;
    first += weight * (z - peak);
    second += weight * (z - peak) * (z - peak);
  }
  const double mean = first / mass;
  return {cut.mean + cut.std * (peak + mean), cut.std * std::sqrt(second / mass - mean * mean)};
}

TEST(TruncatedNormalTest, Case29_StaysWithinItsBounds) {
  for (const Cut& cut : kCuts) {
    for (const double value : draw(cut)) {
      ASSERT_GE(value, cut.a) << name(cut);
      ASSERT_LE(value, cut.b) << name(cut);
    }
  }
}

TEST(TruncatedNormalTest, Case29_HasTheRightMomentsInTheTailsToo) {
  for (const Cut& cut : kCuts) {
    const auto [mean, deviation] = moments(cut);
    const std::vector<float> values = draw(cut);
    double sum = 0, squares = 0;
    for (const double value : values) sum += value - mean;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const double error = deviation / std::sqrt(static_cast<double>(kNumel));
    EXPECT_NEAR(sum / kNumel, 0, 4.5 * error) << name(cut);
    EXPECT_NEAR(std::sqrt(squares / kNumel) / deviation, 1, 0.02) << name(cut);
  }
  EXPECT_NEAR(moments(kCuts[2]).first, 1.879, 0.001);  // by which the table above is meant
}

// Element i is made of word i and of nothing else: it rises with the word, wherever it lies.
TEST(TruncatedNormalTest, Case29_TakesOneWordAnElement) {
  const RngKey key = RngKey(0) / "w";
  std::vector<int64_t> order(kNumel);
  std::iota(order.begin(), order.end(), 0);
  const auto word = [key](int64_t i) {
    return kernels::random_block(key.bits(), 0, static_cast<uint64_t>(i / 4)).word[i % 4];
  };
  std::sort(order.begin(), order.end(), [&](int64_t i, int64_t j) { return word(i) < word(j); });
  for (const Cut& cut : kCuts) {
    const std::vector<float> values = draw(cut);
    for (size_t i = 1; i < order.size(); ++i) {
      const float before = values[static_cast<size_t>(order[i - 1])];
      const float after = values[static_cast<size_t>(order[i])];
      ASSERT_LE(before, after + std::abs(after) * 1e-6f) << name(cut);
    }
  }
}

TEST(TruncatedNormalTest, Case29_AWriterOfAModuleDrawsTheSame) {
  nn::Module module;
  const Tensor w = module.add_parameter(
      "w", {kNumel}, nn::init::trunc_normal({.mean = 10, .std = 1, .a = -2, .b = 2}));
  const Tensor expected = empty({kNumel});
  trunc_normal_(expected, 10, 1, -2, 2, RngKey(0) / "w");
  EXPECT_EQ(bits(w), bits(expected));
}

}  // namespace
}  // namespace hollow
