#include "nn/init/fans.h"

#include <utility>

#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::expect_error;

TEST(FansTest, TheKernelMultipliesBoth) {
  const auto fans = [](const Shape& shape) {
    const Fans result = calculate_fan_in_and_fan_out(shape);
    return std::pair(result.fan_in, result.fan_out);
  };
  EXPECT_EQ(fans({30, 20}), std::pair(int64_t{20}, int64_t{30}));
  EXPECT_EQ(fans({64, 3, 7, 7}), std::pair(int64_t{147}, int64_t{3136}));
  EXPECT_EQ(fans({5, 4, 3, 2, 1}), std::pair(int64_t{24}, int64_t{30}));
  EXPECT_EQ(fans({0, 5}), std::pair(int64_t{5}, int64_t{0}));
}

TEST(FansTest, LessThanTwoDimensionsHaveNone) {
  expect_error(ErrorCode::kShape,
               {"calculate_fan_in_and_fan_out: shape [3] has no fan in", "zeros, constant"},
               [] { calculate_fan_in_and_fan_out({3}); });
  expect_error(ErrorCode::kShape, {"some_op: shape []"},
               [] { calculate_fan_in_and_fan_out("some_op", {}); });
  expect_error(ErrorCode::kShape, {"negative"}, [] { calculate_fan_in_and_fan_out({-1, 3}); });
}

}  // namespace
}  // namespace hollow::nn::init
