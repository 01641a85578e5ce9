// Whether streams of different names, seeds, generations and places look independent. The values
// never change, and so neither does a verdict; limits are those that chance alone would pass once
// in 100 000 tests.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/empty.h"
#include "tensor/ops/random.h"
#include "tensor/rng_key.h"

namespace hollow {
namespace {

constexpr int64_t kNumel = 1 << 16;
constexpr double kLimit = 4.42;  // standard deviations

std::vector<float> uniforms(RngKey key, int64_t numel = kNumel) {
  const Tensor tensor = empty({numel});
  uniform_(tensor, 0, 1, key);
  return tensor.to_vector<float>();
}

std::vector<float> normals(RngKey key, int64_t numel = kNumel) {
  const Tensor tensor = empty({numel});
  normal_(tensor, 0, 1, key);
  return tensor.to_vector<float>();
}

// Of a[i] and b[i + lag]; normal with mean 0 and deviation 1 where they are independent.
double correlation(const std::vector<float>& a, const std::vector<float>& b, size_t lag = 0) {
  const size_t n = a.size() - lag;
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; ++i) {
    const double x = a[i], y = b[i + lag];
    sum_a += x;
    sum_b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const double count = static_cast<double>(n);
  const double covariance = ab / count - sum_a / count * (sum_b / count);
  const double variance_a = aa / count - sum_a / count * (sum_a / count);
  const double variance_b = bb / count - sum_b / count * (sum_b / count);
  return covariance / std::sqrt(variance_a * variance_b) * std::sqrt(count);
}

// From chi^2 to about a normal deviate (Wilson and Hilferty).
double deviate(double chi_squared, double freedom) {
  const double ninth = 2 / (9 * freedom);
  return (std::cbrt(chi_squared / freedom) - (1 - ninth)) / std::sqrt(ninth);
}

// How unevenly the pairs (a[i], b[i]) of uniforms fill a grid, which sees what correlation does
// not.
double unevenness(const std::vector<float>& a, const std::vector<float>& b) {
  constexpr size_t kCells = 16;
  std::vector<double> count(kCells * kCells, 0);
  const auto cell = [](float u) { return static_cast<size_t>(u * kCells); };
  for (size_t i = 0; i < a.size(); ++i) count[cell(a[i]) * kCells + cell(b[i])] += 1;
  const double expected = static_cast<double>(a.size()) / static_cast<double>(count.size());
  double chi_squared = 0;
  for (const double each : count) chi_squared += (each - expected) * (each - expected) / expected;
  return deviate(chi_squared, static_cast<double>(count.size() - 1));
}

void expect_independent(RngKey a, RngKey b, const std::string& what) {
  EXPECT_LT(std::abs(correlation(uniforms(a), uniforms(b))), kLimit) << what;
  EXPECT_LT(std::abs(correlation(normals(a), normals(b))), kLimit) << what;
  EXPECT_LT(unevenness(uniforms(a), uniforms(b)), kLimit) << what;
}

TEST(RandomStatisticsTest, SeesWhatItIsFor) {
  const std::vector<float> a = normals(RngKey(1)), b = normals(RngKey(2));
  std::vector<float> mixed(a.size());
  for (size_t i = 0; i < a.size(); ++i) mixed[i] = b[i] + 0.03f * a[i];
  EXPECT_GT(std::abs(correlation(a, mixed)), kLimit);
  // Without correlation, and yet all but independent.
  const std::vector<float> u = uniforms(RngKey(1));
  std::vector<float> folded(u.size());
  for (size_t i = 0; i < u.size(); ++i) folded[i] = std::abs(2 * u[i] - 1) * 0.999f;
  EXPECT_LT(std::abs(correlation(u, folded)), kLimit);
  EXPECT_GT(unevenness(u, folded), kLimit);
}

TEST(RandomStatisticsTest, NamesAreIndependent) {
  const RngKey root(0);
  const std::vector<std::string> names = {"weight",
                                          "bias",
                                          "weigh",
                                          "weightt",
                                          "w",
                                          "v",
                                          "blocks.0.gamma",
                                          "blocks.1.gamma",
                                          "blocks.10.gamma",
                                          "gamma.blocks.0",
                                          "blocks.0",
                                          "blocks.0.gamma2",
                                          "a",
                                          "aa"};
  for (size_t i = 0; i < names.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      expect_independent(root / names[i], root / names[j], names[i] + " and " + names[j]);
    }
  }
}

TEST(RandomStatisticsTest, NeighbouringSeedsAreIndependent) {
  const std::vector<uint64_t> seeds = {
      0,           1, 2, 3, 42, 43, uint64_t{1} << 32, (uint64_t{1} << 32) + 1, uint64_t{1} << 63,
      ~uint64_t{0}};
  for (size_t i = 1; i < seeds.size(); ++i) {
    const std::string what = std::to_string(seeds[i - 1]) + " and " + std::to_string(seeds[i]);
    expect_independent(RngKey(seeds[i - 1]), RngKey(seeds[i]), what);
    expect_independent(RngKey(seeds[i - 1]) / "w", RngKey(seeds[i]) / "w", what + ", w");
  }
}

TEST(RandomStatisticsTest, GenerationsAreIndependent) {
  const RngKey key = RngKey(0) / "w";
  for (const uint32_t generation : {0u, 1u, 2u, 99u, ~0u - 1}) {
    expect_independent(key.with_generation(generation), key.with_generation(generation + 1),
                       std::to_string(generation));
  }
}

TEST(RandomStatisticsTest, ElementsAreIndependentOfThoseNearThem) {
  const std::vector<float> u = uniforms(RngKey(0) / "w"), z = normals(RngKey(0) / "w");
  for (const size_t lag : {1, 2, 3, 4, 5, 7, 8, 16, 64, 256, 1024}) {
    EXPECT_LT(std::abs(correlation(u, u, lag)), kLimit) << lag;
    EXPECT_LT(std::abs(correlation(z, z, lag)), kLimit) << lag;
    std::vector<float> squares(z.size());
    std::transform(z.begin(), z.end(), squares.begin(), [](float x) { return x * x; });
    EXPECT_LT(std::abs(correlation(squares, squares, lag)), kLimit) << lag;  // Box-Muller's pairs
  }
}

// One number of each of many streams: what a first weight is, over all names.
TEST(RandomStatisticsTest, FirstElementsOfManyNamesAreUniform) {
  constexpr int kNames = 1 << 14;
  constexpr int kCells = 64;
  std::vector<double> count(kCells, 0);
  std::vector<float> first;
  for (int i = 0; i < kNames; ++i) {
    first.push_back(uniforms(RngKey(0) / ("blocks." + std::to_string(i)), 1)[0]);
    count[static_cast<size_t>(first.back() * kCells)] += 1;
  }
  constexpr double kExpected = static_cast<double>(kNames) / kCells;
  double chi_squared = 0;
  for (const double each : count)
    chi_squared += (each - kExpected) * (each - kExpected) / kExpected;
  EXPECT_LT(std::abs(deviate(chi_squared, kCells - 1)), kLimit);
  EXPECT_LT(std::abs(correlation(first, first, 1)), kLimit);
}

TEST(RandomStatisticsTest, IntegersAreEven) {
  constexpr int64_t kRange = 1000;
  const Tensor tensor = empty({1000000}, {.dtype = DType::kI64});
  randint_(tensor, 0, kRange, RngKey(0) / "ids");
  std::vector<double> count(kRange, 0);
  for (const int64_t value : tensor.to_vector<int64_t>()) count[static_cast<size_t>(value)] += 1;
  double chi_squared = 0;
  for (const double each : count) chi_squared += (each - 1000) * (each - 1000) / 1000;
  EXPECT_LT(std::abs(deviate(chi_squared, kRange - 1)), kLimit);
}

TEST(RandomStatisticsTest, BernoulliHasItsProbability) {
  for (const double p : {1e-3, 0.1, 0.5, 0.9}) {
    const Tensor tensor = empty({1 << 20});
    bernoulli_(tensor, p, RngKey(0) / "mask");
    double ones = 0;
    for (const float value : tensor.to_vector<float>()) ones += value;
    const double n = 1 << 20;
    EXPECT_LT(std::abs(ones - n * p) / std::sqrt(n * p * (1 - p)), kLimit) << p;
  }
}

}  // namespace
}  // namespace hollow
