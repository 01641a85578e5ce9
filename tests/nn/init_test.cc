// What holds for every initializer; each has more in tests/nn/init.
#include "nn/init.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "nn/module.h"
#include "tests/nn/initializers.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;
using hollow::testing::Initializer;
using hollow::testing::initializers;

const RngKey kKey = RngKey(7) / "w";

Tensor written(const Writer& writer, const Shape& shape, DType dtype = DType::kF32,
               RngKey key = kKey) {
  const Tensor tensor = empty(shape, {.dtype = dtype});
  writer(tensor, key);
  return tensor;
}

TEST(InitTest, WriterAndFunctionAgree) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      for (const DType dtype : each.dtypes) {
        const Tensor tensor = empty(shape, {.dtype = dtype});
        each.function(tensor, kKey);
        EXPECT_EQ(bits(written(each.writer, shape, dtype)), bits(tensor))
            << each.name << to_string(shape) << dtype;
      }
    }
  }
}

// The dimensions back to front in memory, and an element on each side of the view in each.
struct Framed {
  Framed(const Shape& shape, DType dtype) : base(counting(sizes(shape), {.dtype = dtype})) {
    Shape back_to_front;
    for (int64_t d = base.dim(); d-- > 0;) back_to_front.push_back(d);
    view = base.permute(back_to_front);
    for (int64_t d = 0; d < base.dim(); ++d) view = view.narrow(d, 1, shape[d]);
  }
  static Shape sizes(const Shape& shape) {
    Shape result;
    for (size_t d = shape.size(); d-- > 0;) result.push_back(shape[d] + 2);
    return result;
  }
  Tensor base;
  Tensor view = base;
};

TEST(InitTest, ElementsCountInRowMajorOrderOfTheShapeAndNothingElseIsWritten) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      for (const DType dtype : each.dtypes) {
        const Framed framed(shape, dtype);
        const Tensor before = framed.view.clone();
        const auto all_before = bits(framed.base);
        each.function(framed.view, kKey);
        EXPECT_EQ(bits(framed.view), bits(written(each.writer, shape, dtype)))
            << each.name << to_string(shape) << dtype;
        framed.view.copy_(before);
        EXPECT_EQ(bits(framed.base), all_before) << each.name << to_string(shape) << dtype;
      }
    }
  }
}

TEST(InitTest, LowPrecisionIsRoundedF32) {
  for (const Initializer& each : initializers()) {
    if (each.dtypes.front() != DType::kF32) continue;
    for (const Shape& shape : each.shapes) {
      for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF64}) {
        EXPECT_EQ(bits(written(each.writer, shape, dtype)),
                  bits(written(each.writer, shape).to(dtype)))
            << each.name << to_string(shape) << dtype;
      }
    }
  }
}

TEST(InitTest, WhatIsRandomDependsOnKeyAndGeneration) {
  for (const Initializer& each : initializers()) {
    const DType dtype = each.dtypes.front();
    std::set<std::vector<uint64_t>> distinct;
    for (const RngKey key : {kKey, RngKey(7) / "v", kKey.with_generation(1)}) {
      distinct.insert(bits(written(each.writer, each.shapes.back(), dtype, key)));
    }
    EXPECT_EQ(distinct.size(), each.random ? 3u : 1u) << each.name;
  }
}

TEST(InitTest, OtherDTypesAreRefusedOnMetaToo) {
  for (const Initializer& each : initializers()) {
    if (!each.random) continue;
    for (const DType dtype : {DType::kF32, DType::kI64, DType::kBool}) {
      if (std::find(each.dtypes.begin(), each.dtypes.end(), dtype) != each.dtypes.end()) continue;
      for (const Device device : {Device::cpu(), Device::meta()}) {
        expect_error(ErrorCode::kDType,
                     {"does not take", absl::StrCat("] ", to_string(dtype), " on ")}, [&] {
                       each.function(empty(each.shapes[0], {.dtype = dtype, .device = device}),
                                     kKey);
                     });
      }
    }
  }
}

TEST(InitTest, AnExpandedTensorCannotBeWritten) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      const Tensor one = zeros({}, {.dtype = each.dtypes.front()});
      if (one.expand(shape).numel() == 1) continue;
      expect_error(ErrorCode::kAlias, {}, [&] { each.function(one.expand(shape), kKey); });
      EXPECT_EQ(one.to_vector<float>(), std::vector<float>{0}) << each.name;
    }
  }
}

TEST(InitTest, BadArgumentsAreFoundOnMetaToo) {
  DeviceScope scope(Device::meta());
  Module module;
  expect_error(ErrorCode::kValue, {"uniform_", "3 and -2"},
               [&] { module.add_parameter("w", {2}, init::uniform(3, -2)); });
  expect_error(ErrorCode::kValue, {"normal_", "-1"},
               [&] { module.add_parameter("w", {2}, init::normal({.std = -1})); });
  expect_error(ErrorCode::kShape, {"xavier_normal_", "\"w\" [2] f32 on meta"},
               [&] { module.add_parameter("w", {2}, init::xavier_normal()); });
  expect_error(ErrorCode::kDType, {"normal_", "i64"},
               [&] { module.add_parameter("w", {2}, init::normal(), {.dtype = DType::kI64}); });
  EXPECT_TRUE(module.named_parameters().empty());
}

}  // namespace
}  // namespace hollow::nn
