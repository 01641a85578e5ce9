#include "nn/init/kaiming.h"

#include <cmath>

#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::bits;
using hollow::testing::expect_error;

const RngKey kKey = RngKey(7) / "w";

// [out, in, kernel] = [12, 4, 5] has a fan in of 20 and a fan out of 60.
struct Case {
  KaimingOptions options;
  double std;
};

const Case kCases[] = {
    {{}, std::sqrt(2.0) / std::sqrt(20.0)},
    {{.a = 0.5}, std::sqrt(1.6) / std::sqrt(20.0)},
    {{.mode = FanMode::kFanOut}, std::sqrt(2.0) / std::sqrt(60.0)},
    {{.a = 0.5, .mode = FanMode::kFanOut, .nonlinearity = Nonlinearity::kRelu},
     std::sqrt(2.0) / std::sqrt(60.0)},
    {{.nonlinearity = Nonlinearity::kLinear}, 1 / std::sqrt(20.0)},
    {{.nonlinearity = Nonlinearity::kTanh}, 5.0 / 3.0 / std::sqrt(20.0)},
};

TEST(KaimingTest, ByTheFormula) {
  const Shard shard = chunk({12, 4, 5}, 1, 1, 3);
  for (const Case& each : kCases) {
    for (const Shard* const part : {static_cast<const Shard*>(nullptr), &shard}) {
      const Shape shape = part == nullptr ? Shape{12, 4, 5} : part->shape;
      const Tensor tensor = empty(shape), expected = empty(shape);
      kaiming_normal_(tensor, each.options, kKey, part);
      normal_(expected, 0, each.std, kKey, part);
      EXPECT_EQ(bits(tensor), bits(expected)) << each.std;
      kaiming_uniform_(tensor, each.options, kKey, part);
      const double bound = std::sqrt(3.0) * each.std;
      uniform_(expected, -bound, bound, kKey, part);
      EXPECT_EQ(bits(tensor), bits(expected)) << each.std;
    }
  }
}

TEST(KaimingTest, WithASlopeOfTheSquareRootOfFiveItIsLinearsDefault) {
  const Tensor tensor = empty({30, 50});
  kaiming_uniform_(tensor, {.a = std::sqrt(5.0)}, kKey);
  double largest = 0;
  for (const float value : tensor.to_vector<float>()) {
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  const double bound = 1 / std::sqrt(50.0);
  EXPECT_LE(largest, bound * (1 + 1e-7));
  EXPECT_GT(largest, 0.99 * bound);
}

TEST(KaimingTest, Errors) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor bias = empty({4}, {.device = device}), weight = empty({4, 4}, {.device = device});
    expect_error(ErrorCode::kShape, {"kaiming_uniform_: shape [4] has no fan in", "tensor [4] f32"},
                 [&] { kaiming_uniform_(bias, {}, kKey); });
    expect_error(ErrorCode::kShape, {"kaiming_normal_", "tensor [4] f32"},
                 [&] { kaiming_normal_(bias, {}, kKey); });
    expect_error(ErrorCode::kValue, {"kaiming_normal_", "a must be finite", "tensor [4, 4] f32"},
                 [&] { kaiming_normal_(weight, {.a = std::nan("")}, kKey); });
    const Shard other = chunk({8, 4}, 0, 0, 4);
    expect_error(ErrorCode::kShape, {"kaiming_uniform_", "[2, 4] at [0, 0] of [8, 4]"},
                 [&] { kaiming_uniform_(weight, {}, kKey, &other); });
  }
}

}  // namespace
}  // namespace hollow::nn::init
