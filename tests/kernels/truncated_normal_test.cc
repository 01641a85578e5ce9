#include "kernels/truncated_normal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <utility>
#include <vector>

#include "kernels/distributions.h"

namespace hollow::kernels {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kTwoTo32 = 4294967296.0;

// The distribution in f64 by libm's erfc, a way that the code under test does not go.
class Reference {
 public:
  Reference(double mean, double std, double a, double b) : mean_(mean), std_(std) {
    alpha_ = (a - mean) / std;
    beta_ = (b - mean) / std;
    mirrored_ = beta_ <= 0;
    if (mirrored_) std::swap(alpha_ *= -1, beta_ *= -1);
    near_ = std::max(alpha_, 0.0);
    all_ = mass(alpha_, beta_);
  }

  // How far in standard deviations `value` lies from where the share `u` of the mass ends.
  double error(double value, double u) const {
    double z = (value - mean_) / std_;
    if (mirrored_) {
      z = -z;
      u = 1 - u;
    }
    const double off = u < 0.5 ? mass(alpha_, z) - u * all_ : (1 - u) * all_ - mass(z, beta_);
    return off / density(z);
  }

  double cdf(double value) const {
    const double z = (value - mean_) / std_;
    return mirrored_ ? mass(-z, beta_) / all_ : mass(alpha_, z) / all_;
  }

  // The density at z over all that lies beyond near_.
  double density(double z) const {
    return std::exp((near_ - z) * (near_ + z) / 2) / scaled_tail(near_);
  }

  double all() const { return all_; }

 private:
  // Mills' ratio: mass beyond z over the density at z.
  static double scaled_tail(double z) {
    if (z < 20) return std::erfc(z / std::sqrt(2.0)) * std::exp(z * z / 2) * 1.2533141373155002512;
    const double r = 1 / (z * z);
    return (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r * (1 - 9 * r))))) / z;
  }

  // -ln of the share that is left beyond y of what lies beyond x.
  static double depth(double x, double y) {
    if (y == kInf) return kInf;
    if (y - x < 1e-4) return (y - x) * (1 / scaled_tail(x) + 1 / scaled_tail(y)) / 2;
    return (y - x) * (x + y) / 2 + std::log(scaled_tail(x) / scaled_tail(y));
  }

  // The mass from x to y over all that lies beyond near_.
  double mass(double x, double y) const {
    if (y <= 0) return mass(-y, -x);
    if (x < 0) return std::erf(y / std::sqrt(2.0)) - std::erf(x / std::sqrt(2.0));
    return std::exp(-depth(near_, x)) * -std::expm1(-depth(x, y));
  }

  double mean_, std_, alpha_, beta_, near_, all_;
  bool mirrored_;
};

struct Case {
  double mean, std, a, b;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "N(" << c.mean << ", " << c.std << ") on [" << c.a << ", " << c.b << ']';
}

const std::vector<Case> kCases = {
    {0, 1, -2, 2},          {0, 0.02, -2, 2},     {0, 1, -kInf, kInf}, {0.1, 1, -0.5, 7},
    {0, 1, -1e-6, 1e-6},    {0, 1, -1e-3, kInf},  {0, 1, 0, kInf},     {-1.49, 1, 0, kInf},
    {-1.5, 1, 0, kInf},     {-1.5, 1, 0, 1},      {0, 1, -3, -1},      {-3, 1, 0, kInf},
    {10, 1, -2, 2},         {-8, 1, 0, kInf},     {8, 1, -kInf, 0},    {-40, 1, 0, kInf},
    {-1000, 1, 0, kInf},    {0, 1, 0.3, 0.3001},  {-0.3, 1, 0, 1e-4},  {-0.3, 1, 0, 0.9},
    {-100, 1, -1e-3, 1e-3}, {5e3, 1e3, 1e3, 2e3}, {1e5, 1, -kInf, 0},  {0, 1e30, -1, 1},
    {-0.6, 1, 0, kInf},
};

std::vector<uint32_t> sweep(uint32_t stride) {
  std::vector<uint32_t> words = {0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, ~0u};
  for (int bit = 0; bit < 32; ++bit) {
    words.insert(words.end(), {1u << bit, ~(1u << bit), 0x80000000u - (1u << bit)});
  }
  for (uint64_t w = 0; w <= ~0u; w += stride) words.push_back(static_cast<uint32_t>(w));
  return words;
}

float ulp(float x) { return std::nextafter(std::fabs(x), 1e38f) - std::fabs(x); }

TEST(TruncatedNormal, IsTheInverseDistributionFunction) {
  for (const Case& c : kCases) {
    const TruncatedNormalParams p = make_truncated_normal(c.mean, c.std, c.a, c.b);
    const Reference reference(c.mean, c.std, c.a, c.b);
    const double origin = c.a >= c.mean + 1.5 * c.std   ? c.a
                          : c.b <= c.mean - 1.5 * c.std ? c.b
                                                        : c.mean;
    for (uint32_t word : sweep(100003)) {
      const float value = truncated_normal<OneLane>(word, p);
      ASSERT_TRUE(c.a <= value && value <= c.b) << c << ' ' << word << ' ' << value;
      const double z = (value - c.mean) / c.std;
      const double distance = std::fabs(value - origin) / c.std;
      const double half_word = 0.5 / kTwoTo32 * reference.all() / reference.density(z);
      ASSERT_NEAR(reference.error(value, (word + 0.5) / kTwoTo32), 0,
                  5e-7 * distance + 1.5 * ulp(value) / c.std + half_word + 1e-15 * std::fabs(z))
          << c << ' ' << word << ' ' << value;
    }
  }
}

TEST(TruncatedNormal, HasItsDistribution) {
  for (const Case& c :
       {kCases[1], kCases[3], kCases[4], kCases[12], kCases[16], Case{0, 1, 0.3, 0.31}}) {
    const TruncatedNormalFill fill{make_truncated_normal(c.mean, c.std, c.a, c.b)};
    const Reference reference(c.mean, c.std, c.a, c.b);
    constexpr size_t kSamples = 1 << 20;
    std::vector<float> values(kSamples);
    double mean = 0;
    for (size_t i = 0; i < kSamples; i += 4) {
      float out[4];
      values_of(random_block(/*key=*/7, /*generation=*/1, i / 4), fill, out);
      for (size_t k = 0; k < 4; ++k) mean += (values[i + k] = out[k]) / double{kSamples};
    }
    std::sort(values.begin(), values.end());
    double gap = 0;
    for (size_t i = 0; i < kSamples; ++i) {
      const double p = reference.cdf(values[i]), rank = static_cast<double>(i);
      gap = std::max({gap, p - rank / kSamples, (rank + 1) / kSamples - p});
    }
    EXPECT_LT(gap * std::sqrt(kSamples), 1.95) << c;  // Kolmogorov: once in a thousand
    if (c.mean == 10) {
      EXPECT_NEAR(mean, 1.8786, 5e-4);  // true value 1.87863
    }
    if (c.a == -c.b && c.mean == 0) {
      EXPECT_NEAR(mean, 0, 4e-3 * std::min(c.std, c.b));
    }
  }
}

TEST(TruncatedNormal, MirrorsWithItsBounds) {
  for (const Case& c : kCases) {
    const TruncatedNormalParams p = make_truncated_normal(c.mean, c.std, c.a, c.b);
    const TruncatedNormalParams q = make_truncated_normal(-c.mean, c.std, -c.b, -c.a);
    const bool straddles = c.a < c.mean && c.mean < c.b;
    for (uint32_t word : sweep(1 << 20)) {
      if (straddles && c.a != -c.b) continue;  // there the two sides may share a word differently
      ASSERT_EQ(truncated_normal<OneLane>(word, p), -truncated_normal<OneLane>(~word, q))
          << c << ' ' << word;
    }
  }
}

TEST(TruncatedNormal, RisesWithTheWordAndReachesItsBounds) {
  for (const Case& c : kCases) {
    const TruncatedNormalParams p = make_truncated_normal(c.mean, c.std, c.a, c.b);
    float before = truncated_normal<OneLane>(0, p);
    if (c.mean - c.a < 6 * c.std) {
      EXPECT_NEAR(before, c.a, 1e-6 * std::min(c.std, c.b - c.a) + ulp(p.lo)) << c;
    }
    for (uint64_t word = 0; word <= ~0u; word += 1 << 15) {
      const float value = truncated_normal<OneLane>(static_cast<uint32_t>(word), p);
      ASSERT_LE(before, value) << c << ' ' << word;
      before = value;
    }
  }
}

TEST(TruncatedNormal, ShortIntervalsAreUniformToTheLastDigit) {
  for (double width : {1e-6, 1e-9, 1e-13, 1e-25}) {
    const TruncatedNormalParams p = make_truncated_normal(-0.3, 1, 0, width);
    for (uint32_t word : sweep(1 << 24)) {
      const double want = (word + 0.5) / kTwoTo32 * width;
      ASSERT_NEAR(truncated_normal<OneLane>(word, p), want, (5e-7 + 0.2 * width) * want) << word;
    }
  }
}

TEST(TruncatedNormal, DegenerateParametersGiveTheirPoint) {
  for (uint32_t word : {0u, 12345u, 0x80000000u, ~0u}) {
    const auto value = [&](double mean, double std, double a, double b) {
      return truncated_normal<OneLane>(word, make_truncated_normal(mean, std, a, b));
    };
    EXPECT_EQ(value(0, 1, 0.5, 0.5), 0.5f);
    EXPECT_EQ(value(0, 1, 0, 0), 0.0f);
    EXPECT_EQ(value(0, 1, 0.1, 0.1), 0.1f);  // no f32 in there: the nearest
    EXPECT_EQ(value(3, 0, -2, 2), 2.0f);
    EXPECT_EQ(value(1, 0, -2, 2), 1.0f);
    EXPECT_EQ(value(0, 1e-320, 1, 2), 1.0f);
    EXPECT_EQ(value(0, 1e-320, -kInf, -1), -1.0f);
  }
}

}  // namespace
}  // namespace hollow::kernels
