#include "kernels/scalar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace hollow::kernels {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Half half_of_bits(uint32_t bits) {
  Half half;
  half.bits = static_cast<uint16_t>(bits);
  return half;
}

BFloat16 bf16_of_bits(uint32_t bits) {
  BFloat16 bf16;
  bf16.bits = static_cast<uint16_t>(bits);
  return bf16;
}

// The nearest number with that many fraction bits and that least exponent, ties to even, in f64,
// whose own rounding mode does it. Overflow is the caller's.
double nearest(double value, int fraction_bits, int min_exponent) {
  if (value == 0 || !std::isfinite(value)) return value;
  const int exponent = std::max(std::ilogb(value), min_exponent);
  return std::ldexp(std::nearbyint(std::ldexp(value, fraction_bits - exponent)),
                    exponent - fraction_bits);
}

// Calls check(f32) with every upper half of the bits, and beside each the lower halves around which
// rounding turns.
template <typename Check>
void for_many_floats(const Check& check) {
  for (uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const uint32_t lower : {0x0000u, 0x0001u, 0x0fffu, 0x1000u, 0x1001u, 0x2000u, 0x3000u,
                                 0x5555u, 0x7fffu, 0x8000u, 0x8001u, 0xefffu, 0xf000u, 0xffffu}) {
      check(std::bit_cast<float>(upper << 16 | lower));
    }
  }
}

TEST(HalfTest, EveryBitPatternMakesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = static_cast<float>(half_of_bits(bits));
    if ((bits & 0x7fff) > 0x7c00) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_EQ(Half(value).bits, (bits & 0x8000) | 0x7e00);
    } else {
      ASSERT_EQ(Half(value).bits, bits) << value;
    }
  }
}

TEST(HalfTest, HasTheValuesOfIeee754) {
  EXPECT_EQ(static_cast<float>(half_of_bits(0x3c00)), 1.0f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0xc000)), -2.0f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x3555)), 0.333251953125f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x7bff)), 65504.0f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x0400)), 0x1p-14f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x03ff)), 0x3ffp-24f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x8001)), -0x1p-24f);
  EXPECT_EQ(static_cast<float>(half_of_bits(0x7c00)), kInf);
  EXPECT_TRUE(std::signbit(static_cast<float>(half_of_bits(0x8000))));
}

TEST(HalfTest, RoundsToNearestEven) {
  for_many_floats([](float value) {
    const float rounded = static_cast<float>(Half(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(rounded));
      return;
    }
    double expected = nearest(value, 10, -14);
    if (std::abs(expected) > 65504) expected = std::copysign(kInf, value);
    ASSERT_EQ(rounded, expected) << value;
    ASSERT_EQ(std::signbit(rounded), std::signbit(value)) << value;
  });
}

TEST(HalfTest, OverflowBeginsAt65520) {
  EXPECT_EQ(Half(std::nextafter(65520.0f, 0.0f)).bits, 0x7bff);
  EXPECT_EQ(Half(65520.0f).bits, 0x7c00);
  EXPECT_EQ(Half(-65520.0f).bits, 0xfc00);
  EXPECT_EQ(Half(3e38f).bits, 0x7c00);
  EXPECT_EQ(Half(-kInf).bits, 0xfc00);
  EXPECT_EQ(Half(kNaN).bits & 0x7fff, 0x7e00);
  EXPECT_EQ(Half(0x1p-25f).bits, 0) << "the middle goes to even";
  EXPECT_EQ(Half(std::nextafter(0x1p-25f, 1.0f)).bits, 1);
}

TEST(BFloat16Test, EveryBitPatternMakesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = static_cast<float>(bf16_of_bits(bits));
    ASSERT_EQ(std::bit_cast<uint32_t>(value), bits << 16);
    const bool is_nan = (bits & 0x7fff) > 0x7f80;
    ASSERT_EQ(BFloat16(value).bits, is_nan ? bits | 0x40 : bits);
  }
}

TEST(BFloat16Test, RoundsToNearestEven) {
  for_many_floats([](float value) {
    const float rounded = static_cast<float>(BFloat16(value));
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(rounded));
      return;
    }
    double expected = nearest(value, 7, -126);
    if (std::abs(expected) > 0x1.fep127) expected = std::copysign(kInf, value);
    ASSERT_EQ(rounded, expected) << value;
    ASSERT_EQ(std::signbit(rounded), std::signbit(value)) << value;
  });
}

TEST(ConvertTest, FloatingToIntegerDropsTheFractionAndSaturates) {
  EXPECT_EQ(convert<int64_t>(2.99f), 2);
  EXPECT_EQ(convert<int64_t>(-2.99f), -2);
  EXPECT_EQ(convert<int64_t>(kNaN), 0);
  EXPECT_EQ(convert<int64_t>(-kNaN), 0);
  EXPECT_EQ(convert<int64_t>(kInf), INT64_MAX);
  EXPECT_EQ(convert<int64_t>(-kInf), INT64_MIN);
  EXPECT_EQ(convert<int64_t>(0x1p63f), INT64_MAX);
  EXPECT_EQ(convert<int64_t>(-0x1p63f), INT64_MIN);
  EXPECT_EQ(convert<int64_t>(0x1.fffffep62f), 0x7fffff8000000000);
  EXPECT_EQ(convert<int64_t>(0x1p63), INT64_MAX);
  EXPECT_EQ(convert<int64_t>(-1e300), INT64_MIN);
  EXPECT_EQ(convert<int64_t>(Half(-7.5f)), -7);
  EXPECT_EQ(convert<int64_t>(BFloat16(kInf)), INT64_MAX);
}

TEST(ConvertTest, ToBoolIsWhetherItDiffersFromZero) {
  EXPECT_FALSE(convert<bool>(0.0f));
  EXPECT_FALSE(convert<bool>(-0.0f));
  EXPECT_TRUE(convert<bool>(0.25f));
  EXPECT_TRUE(convert<bool>(kNaN));
  EXPECT_TRUE(convert<bool>(half_of_bits(1)));
  EXPECT_FALSE(convert<bool>(bf16_of_bits(0x8000)));
  EXPECT_TRUE(convert<bool>(int64_t{1} << 40));
  EXPECT_TRUE(convert<bool>(0.1));
}

TEST(ConvertTest, ToFloatingGoesByF32) {
  EXPECT_EQ(convert<float>(int64_t{16777217}), 16777216.0f);
  EXPECT_EQ(convert<float>(true), 1.0f);
  EXPECT_EQ(convert<Half>(int64_t{-3}).bits, Half(-3.0f).bits);
  EXPECT_EQ(convert<Half>(int64_t{1} << 40).bits, 0x7c00);
  EXPECT_EQ(convert<BFloat16>(Half(0.3f)).bits, BFloat16(static_cast<float>(Half(0.3f))).bits);
  EXPECT_EQ(convert<Half>(BFloat16(3e38f)).bits, 0x7c00);
  EXPECT_EQ(convert<Half>(true).bits, 0x3c00);
  EXPECT_EQ(convert<int64_t>(true), 1);
  // As an f64 it is above the middle of two bf16; as an f32 it is the middle.
  EXPECT_EQ(convert<BFloat16>(1.0 + 0x1p-8 + 0x1p-40).bits, 0x3f80);
}

TEST(ConvertTest, ATypeToItselfKeepsEveryBit) {
  EXPECT_EQ(convert<Half>(half_of_bits(0x7d01)).bits, 0x7d01);
  EXPECT_EQ(convert<BFloat16>(bf16_of_bits(0xff81)).bits, 0xff81);
  EXPECT_EQ(convert<int64_t>((int64_t{1} << 53) + 1), (int64_t{1} << 53) + 1);
}

TEST(ConvertTest, F64) {
  constexpr double kThird = 1.0 / 3;
  EXPECT_EQ(convert<double>(kThird), kThird);
  EXPECT_EQ(convert<double>(1.0f / 3), static_cast<double>(1.0f / 3));
  EXPECT_EQ(convert<float>(kThird), static_cast<float>(kThird));
  EXPECT_EQ(convert<Half>(kThird).bits, Half(static_cast<float>(kThird)).bits);
  EXPECT_EQ(convert<double>(half_of_bits(0x3555)), 0.333251953125);
  EXPECT_EQ(convert<double>(bf16_of_bits(0x3f80)), 1.0);
  EXPECT_EQ(convert<int64_t>(-7.9), -7);
  EXPECT_EQ(convert<int64_t>(1e300), INT64_MAX);
  EXPECT_EQ(convert<int64_t>(std::numeric_limits<double>::quiet_NaN()), 0);
  EXPECT_EQ(convert<double>((int64_t{1} << 53) - 1), 0x1p53 - 1);
  EXPECT_TRUE(convert<bool>(1e-300));
  EXPECT_EQ(convert<double>(true), 1.0);
}

}  // namespace
}  // namespace hollow::kernels
