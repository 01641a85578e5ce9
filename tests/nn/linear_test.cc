#include "nn/linear.h"

#include <algorithm>
#include <cmath>

#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::counting;
using hollow::testing::expect_error;

TEST(LinearTest, DefaultBoundsArePyTorchs) {
  const Linear linear(64, 300);
  for (const Tensor& tensor : {linear.weight(), *linear.bias()}) {
    const std::vector<float> values = tensor.to_vector<float>();
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    EXPECT_GE(*low, -0.125f);
    EXPECT_LT(*high, 0.125f);
    // 300 values and more reach into the last tenth of the interval.
    EXPECT_LT(*low, -0.1f);
    EXPECT_GT(*high, 0.1f);
  }
  EXPECT_EQ(linear.weight().shape(), (Shape{300, 64}));
  EXPECT_EQ(linear.bias()->shape(), (Shape{300}));
}

TEST(LinearTest, ForwardIsTheProductPlusTheBias) {
  Linear linear(2, 3);
  linear.weight().copy_(counting({3, 2}));
  linear.bias()->copy_(from_values<float>({100, 200, 300}));
  const Tensor x = from_values<float>({1, 10, -1, 0.5}, {2, 1, 2});
  const Tensor y = linear(x);
  EXPECT_EQ(y.shape(), (Shape{2, 1, 3}));
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{121, 243, 365, 100, 199, 298}));
}

TEST(LinearTest, WithoutABiasThereIsNoSuchParameter) {
  const Linear linear(2, 3, {.bias = false});
  EXPECT_EQ(linear.bias(), nullptr);
  ASSERT_EQ(linear.state_dict().size(), 1u);
  EXPECT_EQ(linear.state_dict()[0].name, "weight");
}

TEST(LinearTest, SizesOfZeroAreLegalAndNegativeOnesAreNot) {
  Linear linear(0, 3);
  EXPECT_EQ(linear(empty({2, 0})).to_vector<float>(), std::vector<float>(6, 0.0f));
  expect_error(ErrorCode::kShape, {"[3, -2]", "negative"}, [] { Linear(-2, 3); });
}

TEST(LinearTest, AWrongInputNamesTheWeight) {
  Linear linear(4, 3);
  expect_error(ErrorCode::kShape, {"linear", "\"weight\" [3, 4]", "[2, 5]"}, [&] {
    linear(ones({2, 5}));
  });
  expect_error(ErrorCode::kDType, {"linear", "\"weight\"", "bf16"}, [&] {
    linear(ones({2, 4}, {.dtype = DType::kBF16}));
  });
  expect_error(ErrorCode::kDevice, {"linear", "\"weight\" [3, 4] f32 on cpu", "on meta"}, [&] {
    linear(empty({2, 4}, {.device = Device::meta()}));
  });
}

}  // namespace
}  // namespace hollow::nn
