#include "nn/init.h"

#include "nn/module.h"
#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

Tensor written(const Writer& writer, Shape shape, DType dtype = DType::kF32) {
  Tensor tensor = empty(std::move(shape), {.dtype = dtype});
  writer(tensor, RngKey(7) / "w");
  return tensor;
}

TEST(InitTest, ConstantsOfEveryDType) {
  EXPECT_EQ(written(init::constant(2.5), {3}).to_vector<float>(),
            (std::vector<float>{2.5, 2.5, 2.5}));
  EXPECT_EQ(written(init::constant(int64_t{1} << 60), {1}, DType::kI64).item<int64_t>(),
            int64_t{1} << 60);
  EXPECT_EQ(written(init::ones(), {2}, DType::kBool).to_vector<bool>(),
            (std::vector<bool>{true, true}));
  EXPECT_EQ(written(init::zeros(), {1}, DType::kBF16).item<float>(), 0.0f);
  expect_error(ErrorCode::kValue, {"fill_", "2.5", "i64"},
               [] { written(init::constant(2.5), {3}, DType::kI64); });
}

TEST(InitTest, ConstantFromATensorGoesToOtherDTypes) {
  const Writer writer = init::constant(counting({2, 3}));
  EXPECT_EQ(bits(written(writer, {2, 3}, DType::kF16)),
            bits(counting({2, 3}, {.dtype = DType::kF16})));
  expect_error(ErrorCode::kShape, {"init::constant", "[2, 3]", "[6]"},
               [&] { written(writer, {6}); });
}

TEST(InitTest, RandomWritersAreTheRandomOpsWithTheSlotsKey) {
  const Tensor expected = empty({5});
  uniform_(expected, -2, 3, RngKey(7) / "w");
  EXPECT_EQ(bits(written(init::uniform(-2, 3), {5})), bits(expected));
  normal_(expected, 1, 2, RngKey(7) / "w");
  EXPECT_EQ(bits(written(init::normal({.mean = 1, .std = 2}), {5})), bits(expected));
  trunc_normal_(expected, 1, 2, 0, 4, RngKey(7) / "w");
  EXPECT_EQ(bits(written(init::trunc_normal({.mean = 1, .std = 2, .a = 0, .b = 4}), {5})),
            bits(expected));
}

TEST(InitTest, BadArgumentsAreFoundOnMetaToo) {
  DeviceScope scope(Device::meta());
  Module module;
  expect_error(ErrorCode::kValue, {"uniform_", "3 and -2"},
               [&] { module.add_parameter("w", {2}, init::uniform(3, -2)); });
  expect_error(ErrorCode::kValue, {"normal_", "-1"},
               [&] { module.add_parameter("w", {2}, init::normal({.std = -1})); });
  expect_error(ErrorCode::kDType, {"normal_", "i64"},
               [&] { module.add_parameter("w", {2}, init::normal(), {.dtype = DType::kI64}); });
  EXPECT_TRUE(module.named_parameters().empty());
}

}  // namespace
}  // namespace hollow::nn
