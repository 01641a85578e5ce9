#include "nn/init/xavier.h"

#include <cmath>

#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::bits;
using hollow::testing::expect_error;

const RngKey kKey = RngKey(7) / "w";

// The formula, on a shape whose fans differ: [out, in, kernel] = [12, 4, 5] has 20 and 60.
constexpr double kStd = 0.15811388300841897;  // sqrt(2 / 80)

TEST(XavierTest, UniformByTheFormula) {
  const Tensor tensor = empty({12, 4, 5}), expected = empty({12, 4, 5});
  xavier_uniform_(tensor, {.gain = 2}, kKey);
  const double bound = std::sqrt(3.0) * 2 * kStd;
  uniform_(expected, -bound, bound, kKey);
  EXPECT_EQ(bits(tensor), bits(expected));
}

TEST(XavierTest, NormalByTheFormula) {
  const Tensor tensor = empty({12, 4, 5}), expected = empty({12, 4, 5});
  xavier_normal_(tensor, {.gain = 2}, kKey);
  normal_(expected, 0, 2 * kStd, kKey);
  EXPECT_EQ(bits(tensor), bits(expected));
  xavier_normal_(tensor, {}, kKey);
  normal_(expected, 0, kStd, kKey);
  EXPECT_EQ(bits(tensor), bits(expected));
}

TEST(XavierTest, BoundAndSpreadAreThere) {
  const Tensor tensor = empty({200, 300});
  xavier_uniform_(tensor, {}, kKey);
  const double bound = std::sqrt(6.0 / 500);
  double largest = 0, squares = 0;
  for (const float value : tensor.to_vector<float>()) {
    largest = std::max(largest, std::abs(static_cast<double>(value)));
    squares += static_cast<double>(value) * value;
  }
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.999 * bound);
  EXPECT_NEAR(squares / tensor.numel(), 2.0 / 500, 0.02 * 2.0 / 500);
}

TEST(XavierTest, OfAShardTheFansAreTheWholes) {
  const Shard shard = chunk({12, 4, 5}, 0, 1, 3);
  const Tensor tensor = empty(shard.shape), expected = empty(shard.shape);
  xavier_normal_(tensor, {}, kKey, &shard);
  normal_(expected, 0, kStd, kKey, &shard);
  EXPECT_EQ(bits(tensor), bits(expected));
}

TEST(XavierTest, Errors) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor bias = empty({4}, {.device = device}), weight = empty({4, 4}, {.device = device});
    expect_error(ErrorCode::kShape, {"xavier_uniform_: shape [4] has no fan in", "tensor [4] f32"},
                 [&] { xavier_uniform_(bias, {}, kKey); });
    expect_error(ErrorCode::kShape, {"xavier_normal_", "tensor [4] f32"},
                 [&] { xavier_normal_(bias, {}, kKey); });
    expect_error(ErrorCode::kValue, {"xavier_normal_", "gain", "it is -1", "tensor [4, 4] f32"},
                 [&] { xavier_normal_(weight, {.gain = -1}, kKey); });
    expect_error(ErrorCode::kValue, {"xavier_uniform_", "gain", "it is inf"},
                 [&] { xavier_uniform_(weight, {.gain = INFINITY}, kKey); });
    const Shard other = chunk({8, 4}, 0, 0, 4);
    expect_error(ErrorCode::kShape, {"xavier_normal_", "[2, 4] at [0, 0] of [8, 4]", "[4, 4]"},
                 [&] { xavier_normal_(weight, {}, kKey, &other); });
  }
}

}  // namespace
}  // namespace hollow::nn::init
