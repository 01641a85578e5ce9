#include "tensor/scalar.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(ScalarTest, KeepsANumberAsItWasWritten) {
  // 2^53 + 1 is no double, and 0.1 no float.
  EXPECT_EQ(Scalar((int64_t{1} << 53) + 1).to<int64_t>(), (int64_t{1} << 53) + 1);
  EXPECT_EQ(Scalar(0.1).to<float>(), 0.1f);
  EXPECT_EQ(Scalar(0.1f).to<float>(), 0.1f);
  EXPECT_EQ(Scalar(true).to<int64_t>(), 1);
  EXPECT_EQ(Scalar(-3).to<float>(), -3.0f);
  EXPECT_EQ(Scalar(2u).to<int64_t>(), 2);
  EXPECT_TRUE(Scalar(0.5).to<bool>());
  EXPECT_FALSE(Scalar(0).to<bool>());
}

TEST(ScalarTest, LowPrecisionIsRoundedByWayOfF32) {
  EXPECT_EQ(Scalar(0.1).to<Half>().bits, Half(0.1f).bits);
  EXPECT_EQ(Scalar(0.1).to<BFloat16>().bits, BFloat16(0.1f).bits);
  // Just above the middle between two halves; as an f32 it is the middle, which goes to even.
  const double above = 1.0 + 0x1p-11 + 0x1p-40;
  EXPECT_EQ(Scalar(above).to<Half>().bits, Half(1.0f).bits);
}

TEST(ScalarTest, EveryDTypeTakesWhatItHolds) {
  for (const Scalar value : {Scalar(0), Scalar(1), Scalar(true), Scalar(0.0), Scalar(1.0)}) {
    for (const DType dtype :
         {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI64, DType::kBool}) {
      EXPECT_NO_THROW(value.check_fits("fill_", dtype)) << dtype;
    }
  }
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
    EXPECT_NO_THROW(Scalar(0.1).check_fits("fill_", dtype)) << dtype;
    EXPECT_NO_THROW(Scalar(kInf).check_fits("fill_", dtype)) << dtype;
    EXPECT_NO_THROW(Scalar(kNaN).check_fits("fill_", dtype)) << dtype;
    EXPECT_NO_THROW(Scalar(1e-300).check_fits("fill_", dtype)) << dtype;
  }
  EXPECT_NO_THROW(Scalar(1e39).check_fits("fill_", DType::kF16)) << "it rounds to an infinity";
  EXPECT_NO_THROW(Scalar(-0x1p63).check_fits("fill_", DType::kI64));
  EXPECT_NO_THROW(Scalar(INT64_MAX).check_fits("fill_", DType::kI64));
}

TEST(ScalarTest, ZeroBitsAreThoseOfZeroAlone) {
  for (const Scalar zero : {Scalar(0), Scalar(0.0), Scalar(0.0f), Scalar(false), Scalar(0u)}) {
    EXPECT_TRUE(zero.is_zero_bits());
  }
  for (const Scalar other :
       {Scalar(-0.0), Scalar(-0.0f), Scalar(1), Scalar(true), Scalar(-1), Scalar(1e-300),
        Scalar(5e-324), Scalar(kNaN), Scalar(INT64_MIN), Scalar(~uint64_t{0})}) {
    EXPECT_FALSE(other.is_zero_bits());
  }
}

TEST(ScalarTest, WhatDoesNotFitIsAnErrorWithTheValue) {
  const struct {
    Scalar value;
    DType dtype;
    const char* text;
  } kCases[] = {
      {0.5, DType::kI64, "the value 0.5 does not fit into i64"},
      {kNaN, DType::kI64, "nan"},
      {kInf, DType::kI64, "inf"},
      {1e19, DType::kI64, "1e+19"},
      {0x1p63, DType::kI64, "9.22337e+18"},
      {2, DType::kBool, "the value 2 does not fit into bool"},
      {-1, DType::kBool, "-1"},
      {0.5, DType::kBool, "0.5"},
      {kNaN, DType::kBool, "nan"},
      {~uint64_t{0}, DType::kI64, "1.84467e+19"},
      {int64_t{1} << 40, DType::kBool, "1099511627776"},
  };
  for (const auto& [value, dtype, text] : kCases) {
    expect_error(ErrorCode::kValue, {"full: ", text, std::string(to_string(dtype))},
                 [&, v = value, d = dtype] { v.check_fits("full", d); });
  }
}

TEST(ScalarTest, UnsignedNumbersAboveI64AreNotTakenForNegativeOnes) {
  EXPECT_GT(Scalar(uint64_t{1} << 63).to<float>(), 0.0f);
}

}  // namespace
}  // namespace hollow
