#include "kernels/distributions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace hollow::kernels {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kSamples = 1 << 20;

template <typename Fill>
std::vector<float> draw(const Fill& fill, int count = kSamples) {
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); i += 4) {
    float out[4];
    values_of(random_block(/*key=*/0x5eed, /*generation=*/0, i / 4), fill, out);
    std::copy(out, out + 4, &values[i]);
  }
  return values;
}

// Kolmogorov's sqrt(n) times the largest gap between the samples' distribution and `cdf`. It is
// above 1.95 once in a thousand; as the samples never change, neither does the verdict.
template <typename Cdf>
double kolmogorov(std::vector<float> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double gap = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double p = cdf(static_cast<double>(values[i])), rank = static_cast<double>(i);
    gap = std::max({gap, p - rank / n, (rank + 1) / n - p});
  }
  return gap * std::sqrt(n);
}

struct Moments {
  double mean, variance, skewness, kurtosis;
};

Moments moments(const std::vector<float>& values) {
  const double n = static_cast<double>(values.size());
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  for (float v : values) mean += v / n;
  for (float v : values) {
    const double d = v - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

double phi(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

// Words that have gone wrong before, anywhere, and a sweep over all of them.
std::vector<uint32_t> sweep(uint32_t stride) {
  std::vector<uint32_t> words = {0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, ~0u};
  for (int bit = 0; bit < 32; ++bit) {
    for (uint32_t near : {0u, 1u, ~0u}) {
      words.push_back((1u << bit) + near);
      words.push_back(~((1u << bit) + near));
      words.push_back((5u << 29) + (1u << bit) + near);  // an eighth of a turn
    }
  }
  for (uint64_t w = 0; w <= ~0u; w += stride) words.push_back(static_cast<uint32_t>(w));
  return words;
}

TEST(MinusLog, IsWithinTwoUnitsInTheLastPlace) {
  for (uint32_t bits = bits_of(0x1p-34f); bits <= bits_of(1.0f); bits += 211) {
    const float x = float_of_bits(bits);
    const float got = minus_log<OneLane>(x, x - 1.0f);
    const double want = -std::log(static_cast<double>(x));
    const float ulp = std::nextafter(got, 100.0f) - got;
    ASSERT_NEAR(got, want, 2 * ulp) << x;
  }
  EXPECT_EQ(minus_log<OneLane>(1.0f, 0.0f), 0.0f);
}

TEST(MinusLog, TakesTheDigitsOfWhatIsMissingToOne) {
  for (float missing : {0x1p-60f, 1e-9f, 1e-4f, 0.25f}) {
    EXPECT_NEAR(minus_log<OneLane>(1.0f - missing, -missing),
                -std::log1p(-static_cast<double>(missing)), 3e-7 * missing);
  }
}

TEST(Uniform, IsWordTimesStepRoundedOnce) {
  const UniformParams unit = make_uniform(0, 1);
  EXPECT_EQ(uniform<OneLane>(0, unit), 0.0f);
  EXPECT_EQ(uniform<OneLane>(255, unit), 0.0f);
  EXPECT_EQ(uniform<OneLane>(256, unit), 0x1p-24f);
  EXPECT_EQ(uniform<OneLane>(0x80000000u, unit), 0.5f);
  EXPECT_EQ(uniform<OneLane>(~0u, unit), 1.0f - 0x1p-24f);
  const UniformParams shifted = make_uniform(-3, 7);
  for (uint32_t word : sweep(1 << 13)) {
    const double u = static_cast<double>(word >> 8) * 0x1p-24;
    ASSERT_EQ(uniform<OneLane>(word, shifted),
              std::min(static_cast<float>(-3 + 10 * u), shifted.max));
  }
}

TEST(Uniform, StaysBelowTheUpperBound) {
  constexpr double kMax = std::numeric_limits<float>::max();
  const double bounds[][2] = {{1, 1.0000002},  {0, 0.1},   {0.1, 0.3}, {-0.1, 0.1},  {-kMax, kMax},
                              {1e8, 1e8 + 16}, {0, 1e-30}, {-1, 0},    {-0.7, 1e-20}};
  for (const auto& [lo, hi] : bounds) {
    const UniformParams p = make_uniform(lo, hi);
    for (uint32_t word : sweep(1 << 16)) {
      const double value = uniform<OneLane>(word, p);
      ASSERT_TRUE(lo <= value && value < hi) << lo << ' ' << hi << ' ' << word << ' ' << value;
    }
  }
  for (double at : {0.0, 0.1, -3.0}) {
    EXPECT_EQ(uniform<OneLane>(0, make_uniform(at, at)), static_cast<float>(at));
    EXPECT_EQ(uniform<OneLane>(~0u, make_uniform(at, at)), static_cast<float>(at));
  }
}

TEST(Uniform, HasItsDistribution) {
  for (const auto& [lo, hi] :
       std::vector<std::pair<double, double>>{{0, 1}, {-3, 7}, {1e-4, 2e-4}}) {
    const auto cdf = [lo = lo, hi = hi](double v) { return (v - lo) / (hi - lo); };
    EXPECT_LT(kolmogorov(draw(UniformFill{make_uniform(lo, hi)}), cdf), 1.95);
  }
}

TEST(Normal, MatchesBoxMullerInDouble) {
  const NormalParams unit = make_normal(0, 1);
  const std::vector<uint32_t> words = sweep(1 << 11);
  for (size_t i = 0; i < words.size(); ++i) {
    const uint32_t word0 = words[i], word1 = words[(i * 7919) % words.size()];
    float z0, z1;
    normal_pair<OneLane>(word0, word1, unit, &z0, &z1);
    const double u = std::fma(static_cast<float>(word0), 0x1p-32f, 0x1p-33f);
    const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * kPi * word1 * 0x1p-32;
    ASSERT_NEAR(z0, radius * std::cos(angle), 2.5e-7 * radius) << word0 << ' ' << word1;
    ASSERT_NEAR(z1, radius * std::sin(angle), 2.5e-7 * radius) << word0 << ' ' << word1;
  }
}

TEST(Normal, EdgeWordsAreExact) {
  const NormalParams unit = make_normal(0, 1);
  float z0, z1;
  const float sqrt2ln2 = 1.17741002f;  // radius where u = 1/2
  const float turns[4][2] = {{sqrt2ln2, 0}, {0, sqrt2ln2}, {-sqrt2ln2, 0}, {0, -sqrt2ln2}};
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    normal_pair<OneLane>(0x80000000u, quarter << 30, unit, &z0, &z1);
    EXPECT_EQ(z0, turns[quarter][0]);
    EXPECT_EQ(z1, turns[quarter][1]);
  }
  normal_pair<OneLane>(0, 0, make_normal(3, 2), &z0, &z1);
  EXPECT_NEAR(z0, 3 + 2 * 6.763706, 2e-6);  // the largest there is
  normal_pair<OneLane>(~0u, 12345, make_normal(3, 2), &z0, &z1);
  EXPECT_EQ(z0, 3.0f);  // u rounds to 1
  EXPECT_EQ(z1, 3.0f);
}

TEST(Normal, HasItsDistributionAndMoments) {
  const std::vector<float> z = draw(NormalFill{make_normal(0, 1)});
  EXPECT_LT(kolmogorov(z, phi), 1.95);
  const Moments m = moments(z);
  EXPECT_NEAR(m.mean, 0, 4e-3);
  EXPECT_NEAR(m.variance, 1, 6e-3);
  EXPECT_NEAR(m.skewness, 0, 1e-2);
  EXPECT_NEAR(m.kurtosis, 3, 2e-2);
  double together = 0;
  for (size_t i = 0; i < z.size(); i += 2) together += z[i] * z[i + 1];
  EXPECT_NEAR(together / (kSamples / 2), 0, 6e-3);
  EXPECT_LT(kolmogorov(draw(NormalFill{make_normal(10, 0.02)}),
                       [](double v) { return phi((v - 10) / 0.02); }),
            1.95);
}

TEST(Fills, TakeTheWordsInOrder) {
  const Philox4x32 block = {{1u << 28, 3u << 29, 1u << 31, 0xf0000000u}};
  const TruncatedNormalParams t = make_truncated_normal(0, 1, -2, 2);
  float u[4], z[4], cut[4], pair[4];
  values_of(block, UniformFill{make_uniform(0, 1)}, u);
  values_of(block, NormalFill{make_normal(0, 1)}, z);
  values_of(block, TruncatedNormalFill{t}, cut);
  normal_pair<OneLane>(block.word[0], block.word[1], make_normal(0, 1), &pair[0], &pair[1]);
  normal_pair<OneLane>(block.word[2], block.word[3], make_normal(0, 1), &pair[2], &pair[3]);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(u[i], static_cast<float>(block.word[i]) * 0x1p-32f);
    EXPECT_EQ(z[i], pair[i]);
    EXPECT_EQ(cut[i], truncated_normal<OneLane>(block.word[i], t));
  }
}

}  // namespace
}  // namespace hollow::kernels
