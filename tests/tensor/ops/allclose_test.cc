#include "tensor/ops/allclose.h"

#include <limits>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::expect_error;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

Tensor one(float value) { return from_values<float>({value}); }

TEST(AllcloseTest, WithinTheTolerance) {
  EXPECT_TRUE(allclose(counting({2, 3}), counting({2, 3})));
  EXPECT_TRUE(allclose(one(1.000009f), one(1)));
  EXPECT_FALSE(allclose(one(1.00002f), one(1)));
  EXPECT_TRUE(allclose(one(9e-9f), one(0)));
  EXPECT_FALSE(allclose(one(2e-8f), one(0)));
  EXPECT_TRUE(allclose(one(1.4f), one(1), {.relative = 0, .absolute = 0.5}));
  EXPECT_FALSE(allclose(one(1.4f), one(1), {.relative = 0, .absolute = 0.3}));
  EXPECT_TRUE(allclose(one(-2), one(-3), {.relative = 0.4, .absolute = 0})) << "relative to b";
  EXPECT_FALSE(allclose(one(-3), one(-2), {.relative = 0.4, .absolute = 0}));
}

TEST(AllcloseTest, OneElementIsEnoughToDiffer) {
  for (int64_t i = 0; i < 12; ++i) {
    const Tensor a = counting({3, 4});
    fill_(a.reshape({12}).narrow(0, i, 1), 77);
    EXPECT_FALSE(allclose(a, counting({3, 4}))) << i;
  }
}

TEST(AllcloseTest, InfinitiesAndNaN) {
  EXPECT_TRUE(allclose(one(kInf), one(kInf)));
  EXPECT_FALSE(allclose(one(kInf), one(-kInf)));
  EXPECT_FALSE(allclose(one(kInf), one(3e38f)));
  EXPECT_FALSE(allclose(one(3e38f), one(kInf)));
  EXPECT_FALSE(allclose(one(3e38f), one(kInf), {.relative = 1, .absolute = 1}));
  EXPECT_FALSE(allclose(one(kNaN), one(kNaN)));
  EXPECT_FALSE(allclose(one(kNaN), one(1)));
  EXPECT_FALSE(allclose(one(1), one(kNaN)));
}

TEST(AllcloseTest, F64IsComparedInF64) {
  const Tensor one = from_values<double>({1.0}), near = from_values<double>({1.0 + 0x1p-40});
  EXPECT_FALSE(allclose(one, near, {.relative = 0x1p-42, .absolute = 0}));
  EXPECT_TRUE(allclose(one, near, {.relative = 0x1p-38, .absolute = 0}));
}

TEST(AllcloseTest, AnyDTypesAndStrides) {
  EXPECT_TRUE(allclose(counting({2, 3}, {.dtype = DType::kBF16}),
                       counting({2, 3}, {.dtype = DType::kI64})));
  EXPECT_FALSE(allclose(counting({3}), from_values<bool>({true, true, true})));
  EXPECT_TRUE(
      allclose(counting({3, 2}).transpose(0, 1), from_values<int64_t>({1, 3, 5, 2, 4, 6}, {2, 3})));
  EXPECT_TRUE(allclose(full({}, 3), full({}, 3)));
  EXPECT_TRUE(allclose(empty({0}), empty({0})));
  EXPECT_FALSE(allclose(from_values<int64_t>({1000}), from_values<int64_t>({1001})));
  // 2^53 + 1 is no double.
  constexpr int64_t kLarge = int64_t{1} << 53;
  EXPECT_FALSE(allclose(from_values<int64_t>({kLarge + 1}), from_values<int64_t>({kLarge}),
                        {.relative = 0, .absolute = 0}));
}

TEST(AllcloseTest, WantsShapesAndValues) {
  expect_error(ErrorCode::kShape, {"allclose:", "[2, 3] f32 on cpu", "[3, 2] f32 on cpu"}, [] {
    allclose(ones({2, 3}), ones({3, 2}));
  });
  expect_error(ErrorCode::kShape, {"allclose:", "[] f32", "[1] f32"},
               [] { allclose(ones({}), ones({1})); });
  expect_error(ErrorCode::kUninitialized, {"allclose:", "[2] f32 on cpu (allocated)"},
               [] { allclose(ones({2}), empty({2})); });
  expect_error(ErrorCode::kMeta, {"allclose:", "[2] f32 on meta"},
               [] { allclose(ones({2}, {.device = Device::meta()}), ones({2})); });
}

}  // namespace
}  // namespace hollow
