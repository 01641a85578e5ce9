#include "nn/init/gain.h"

#include <cmath>

#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::expect_error;

TEST(GainTest, IsTorchsTable) {
  EXPECT_EQ(calculate_gain(Nonlinearity::kLinear), 1.0);
  EXPECT_EQ(calculate_gain(Nonlinearity::kConv), 1.0);
  EXPECT_EQ(calculate_gain(Nonlinearity::kSigmoid), 1.0);
  EXPECT_EQ(calculate_gain(Nonlinearity::kTanh), 5.0 / 3.0);
  EXPECT_EQ(calculate_gain(Nonlinearity::kRelu), std::sqrt(2.0));
  EXPECT_EQ(calculate_gain(Nonlinearity::kSelu), 0.75);
}

TEST(GainTest, TheSlopeIsLeakyRelus) {
  EXPECT_DOUBLE_EQ(calculate_gain(Nonlinearity::kLeakyRelu), std::sqrt(2.0 / 1.0001));
  EXPECT_DOUBLE_EQ(calculate_gain(Nonlinearity::kLeakyRelu, 0.5), std::sqrt(1.6));
  EXPECT_EQ(calculate_gain(Nonlinearity::kLeakyRelu, 0), calculate_gain(Nonlinearity::kRelu));
  EXPECT_EQ(calculate_gain(Nonlinearity::kTanh, 0.5), 5.0 / 3.0);
  expect_error(ErrorCode::kValue, {"calculate_gain", "negative slope must be finite; it is nan"},
               [] { calculate_gain(Nonlinearity::kLeakyRelu, std::nan("")); });
}

}  // namespace
}  // namespace hollow::nn::init
