// Views against index arithmetic, and the ways to a tensor's memory. What carries values is in
// copy_test.cc.

#include "tensor/tensor.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::expect_error;
using Values = std::vector<int64_t>;

const TensorOptions kMeta = {.device = Device::meta()};

// Where each element lies, in row-major order.
Values places(const Layout& layout) {
  Values result;
  for (int64_t i = 0; i < layout.numel(); ++i) {
    int64_t rest = i, at = layout.offset;
    for (size_t d = layout.shape.size(); d-- > 0;) {
      at += rest % layout.shape[d] * layout.strides[d];
      rest /= layout.shape[d];
    }
    result.push_back(at);
  }
  return result;
}

// Whether some strides lead through these places as that shape.
bool is_view_of(const Values& at, const Shape& shape) {
  Layout layout = {shape, Strides(shape.size(), 0), at[0]};
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0; step *= shape[d]) {
    if (shape[d] > 1) layout.strides[d] = at[static_cast<size_t>(step)] - at[0];
  }
  return places(layout) == at;
}

TEST(TensorTest, SaysWhatItIsOnMetaToo) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor tensor = empty({4, 3}, {.dtype = DType::kF16, .device = device});
    EXPECT_EQ(tensor.shape(), (Shape{4, 3}));
    EXPECT_EQ(tensor.strides(), (Strides{3, 1}));
    EXPECT_EQ(tensor.storage_offset(), 0);
    EXPECT_EQ(tensor.dim(), 2);
    EXPECT_EQ(tensor.size(0), 4);
    EXPECT_EQ(tensor.size(-1), 3);
    EXPECT_EQ(tensor.numel(), 12);
    EXPECT_EQ(tensor.nbytes(), 24);
    EXPECT_EQ(tensor.dtype(), DType::kF16);
    EXPECT_EQ(tensor.device(), device);
    EXPECT_TRUE(tensor.is_contiguous());
    EXPECT_FALSE(tensor.is_initialized());
    EXPECT_EQ(tensor.name(), "");
    EXPECT_EQ(tensor.is_meta(), device.is_meta());
    expect_error(ErrorCode::kShape, {"size:", "dimension 2", "[4, 3]"}, [&] { tensor.size(2); });
  }
}

TEST(TensorTest, IsSameMeansStorageAndLayout) {
  const Tensor tensor = counting({4, 3});
  const Tensor handle = tensor;
  EXPECT_TRUE(tensor.is_same(handle));
  EXPECT_FALSE(tensor.is_same(tensor.clone()));
  EXPECT_FALSE(tensor.is_same(tensor.transpose(0, 1)));
  EXPECT_TRUE(tensor.is_same(tensor.transpose(0, 1).transpose(0, 1)));
}

TEST(TensorTest, RequiresGradIsTheStoragesAndForFloatsAlone) {
  const Tensor tensor = empty({4}, kMeta);
  EXPECT_FALSE(tensor.requires_grad());
  tensor.narrow(0, 1, 2).set_requires_grad(true);
  EXPECT_TRUE(tensor.requires_grad());
  tensor.set_requires_grad(false);
  EXPECT_FALSE(tensor.requires_grad());
  const Tensor integer = empty({2, 3}, {.dtype = DType::kI64});
  integer.set_requires_grad(false);
  expect_error(ErrorCode::kDType,
               {"set_requires_grad:", "[2, 3] i64 on cpu (allocated)", "floating"},
               [&] { integer.set_requires_grad(true); });
  EXPECT_FALSE(integer.requires_grad());
}

TEST(ViewTest, TransposeAndPermute) {
  const Tensor tensor = counting({2, 3, 4}, {}, 0);
  const Tensor swapped = tensor.transpose(0, -1);
  EXPECT_EQ(swapped.shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(swapped.strides(), (Strides{1, 4, 12}));
  EXPECT_EQ(swapped.to_vector<int64_t>(), places(swapped.layout()));
  EXPECT_FALSE(swapped.is_contiguous());
  const Tensor turned = tensor.permute({1, -1, 0});
  EXPECT_EQ(turned.shape(), (Shape{3, 4, 2}));
  EXPECT_EQ(turned.strides(), (Strides{4, 1, 12}));
  EXPECT_EQ(turned.select(0, 2).select(0, 3).select(0, 1).item<int64_t>(), 2 * 4 + 3 + 12);
  EXPECT_TRUE(counting({}).permute({}).is_contiguous());
}

TEST(ViewTest, NarrowSelectExpand) {
  const Tensor tensor = counting({4, 5}, {}, 0);
  const Tensor part = tensor.narrow(0, 1, 2).narrow(-1, 2, 3);
  EXPECT_EQ(part.to_vector<int64_t>(), (Values{7, 8, 9, 12, 13, 14}));
  EXPECT_EQ(part.storage(), tensor.storage());
  EXPECT_EQ(part.storage_offset(), 7);
  EXPECT_EQ(part.select(0, -1).to_vector<int64_t>(), (Values{12, 13, 14}));
  EXPECT_EQ(part.select(1, 0).to_vector<int64_t>(), (Values{7, 12}));
  EXPECT_EQ(part.select(1, 0).shape(), (Shape{2}));
  EXPECT_EQ(tensor.narrow(0, 4, 0).numel(), 0);
  const Tensor wide = tensor.narrow(0, 1, 1).expand({2, 3, 5});
  EXPECT_EQ(wide.strides(), (Strides{0, 0, 1}));
  EXPECT_EQ(wide.select(0, 1).select(0, 2).to_vector<int64_t>(), (Values{5, 6, 7, 8, 9}));
}

TEST(ViewTest, WritingAViewWritesTheStorage) {
  const Tensor tensor = counting({2, 3}, {}, 0);
  fill_(tensor.transpose(0, 1).select(0, 2), 50);
  EXPECT_EQ(tensor.to_vector<int64_t>(), (Values{0, 1, 50, 3, 4, 50}));
}

TEST(ViewTest, WhatDoesNotFitIsAnErrorThatNamesTheTensor) {
  const Tensor tensor = counting({4, 5});
  const char* const kText = "[4, 5] f32 on cpu (initialized)";
  const auto fails = [&](const char* op, const char* value, absl::FunctionRef<void()> call) {
    expect_error(ErrorCode::kShape, {op, value, kText}, call);
  };
  fails("narrow:", "start 3 and length 2", [&] { tensor.narrow(0, 3, 2); });
  fails("narrow:", "start -1", [&] { tensor.narrow(0, -1, 2); });
  fails("narrow:", "length -2", [&] { tensor.narrow(1, 2, -2); });
  fails("narrow:", "start 6", [&] { tensor.narrow(1, 6, 0); });
  fails("narrow:", "9223372036854775807", [&] { tensor.narrow(1, 1, INT64_MAX); });
  fails("select:", "index 4", [&] { tensor.select(0, 4); });
  fails("select:", "index -6", [&] { tensor.select(1, -6); });
  fails("permute:", "[0, 0]", [&] { tensor.permute({0, 0}); });
  fails("permute:", "[1]", [&] { tensor.permute({1}); });
  fails("permute:", "[0, 1, 2]", [&] { tensor.permute({0, 1, 2}); });
  fails("reshape:", "[3, 7]", [&] { tensor.reshape({3, 7}); });
  fails("reshape:", "[-1, 3]", [&] { tensor.reshape({-1, 3}); });
  fails("reshape:", "[0, -1]", [&] { tensor.reshape({0, -1}); });
  fails("reshape:", "[-1, -1]", [&] { tensor.reshape({-1, -1}); });
  fails("transpose:", "dimension 2", [&] { tensor.transpose(0, 2); });
  fails("select:", "dimension -3", [&] { tensor.select(-3, 0); });
  fails("expand:", "[4, 6]", [&] { tensor.expand({4, 6}); });
  expect_error(ErrorCode::kShape, {"reshape:", "negative"}, [&] { tensor.reshape({-20, -1}); });
}

TEST(ReshapeTest, IsAViewWheneverStridesCanDoIt) {
  std::mt19937 random(5);
  const std::vector<Shape> shapes = {{24},       {2, 12},      {12, 2},   {3, 8},
                                     {4, 6},     {2, 3, 4},    {4, 3, 2}, {1, 24},
                                     {2, 1, 12}, {2, 2, 2, 3}, {6, 4},    {3, 2, 2, 2}};
  const std::vector<Tensor> sources = {
      counting({2, 3, 4}, {}, 0),
      counting({2, 3, 4}, {}, 0).permute({2, 0, 1}),
      counting({2, 3, 4}, {}, 0).transpose(0, 1),
      counting({4, 3, 5}, {}, 0).narrow(1, 1, 2).narrow(2, 1, 3),
      counting({4, 7}, {}, 0).narrow(1, 1, 6),
      counting({48, 2}, {}, 0).select(1, 1).narrow(0, 0, 24),
      counting({4, 1, 1}, {}, 0).expand({4, 2, 3}),
      counting({2, 1, 3}, {}, 0).expand({4, 2, 1, 3}),
      counting({1, 1, 24}, {}, 0).transpose(0, 2),
  };
  int views = 0, copies = 0;
  for (const Tensor& source : sources) {
    ASSERT_EQ(source.numel(), 24);
    for (const Shape& shape : shapes) {
      const Tensor result = source.reshape(shape);
      ASSERT_EQ(result.shape(), shape);
      ASSERT_EQ(result.to_vector<int64_t>(), source.to_vector<int64_t>());
      const bool is_view = result.storage() == source.storage();
      ASSERT_EQ(is_view, is_view_of(places(source.layout()), shape))
          << to_string(source.shape()) << to_string(source.strides()) << to_string(shape);
      ASSERT_TRUE(is_view || result.is_contiguous());
      (is_view ? views : copies)++;
    }
  }
  EXPECT_GT(views, 30);
  EXPECT_GT(copies, 30);
}

TEST(ReshapeTest, WorksOutOneSize) {
  const Tensor tensor = counting({4, 6});
  EXPECT_EQ(tensor.reshape({-1}).shape(), (Shape{24}));
  EXPECT_EQ(tensor.reshape({2, -1, 3}).shape(), (Shape{2, 4, 3}));
  EXPECT_EQ(counting({}).reshape({-1}).shape(), (Shape{1}));
  EXPECT_EQ(counting({1}).reshape({}).shape(), (Shape{}));
  EXPECT_EQ(empty({0, 3}).reshape({-1, 5}).shape(), (Shape{0, 5}));
}

TEST(ReshapeTest, ACopyNeedsValues) {
  const Tensor tensor = empty({4, 6});
  EXPECT_EQ(tensor.reshape({24}).storage(), tensor.storage());
  expect_error(ErrorCode::kUninitialized, {"reshape:", "[6, 4] f32 on cpu (allocated)", "24"},
               [&] { tensor.transpose(0, 1).reshape({24}); });
  const Tensor meta = empty({4, 6}, kMeta).transpose(0, 1).reshape({24});
  EXPECT_TRUE(meta.is_meta());
  EXPECT_EQ(meta.strides(), (Strides{1}));
}

TEST(DataTest, IsTheFirstElementsAddress) {
  const Tensor tensor = counting({4, 5});
  const float* const data = tensor.data<float>();
  EXPECT_EQ(tensor.narrow(0, 2, 1).narrow(1, 3, 1).data<float>(), data + 13);
  EXPECT_EQ(data[13], 14.0f);
  tensor.transpose(0, 1).mutable_data<float>()[1] = 100;
  EXPECT_EQ(tensor.to_vector<int64_t>()[1], 100);
  EXPECT_EQ(empty({0}).data<float>(), nullptr);
}

TEST(DataTest, WantsTheTypeTheValuesAndOneElementAPlace) {
  const Tensor tensor = counting({4, 5});
  expect_error(ErrorCode::kDType, {"data:", "[4, 5] f32 on cpu", "f16", "to(dtype)"},
               [&] { (void)tensor.data<Half>(); });
  expect_error(ErrorCode::kDType, {"mutable_data:", "i64"},
               [&] { (void)tensor.mutable_data<int64_t>(); });
  const Tensor unwritten = empty({4});
  fill_(unwritten.narrow(0, 0, 3), 9);
  expect_error(
      ErrorCode::kUninitialized,
      {"data:", "[4] f32 on cpu (partial)", "1 of 4 elements", "element 3", "copy_() or fill_()"},
      [&] { (void)unwritten.data<float>(); });
  EXPECT_EQ(unwritten.narrow(0, 0, 3).data<float>()[2], 9.0f);
  expect_error(ErrorCode::kUninitialized, {"mutable_data:"},
               [&] { (void)unwritten.mutable_data<float>(); });
  expect_error(ErrorCode::kMeta, {"data:", "[4] f32 on meta", "to_empty(tensor, device)"},
               [] { (void)empty({4}, kMeta).data<float>(); });
  expect_error(ErrorCode::kAlias, {"mutable_data:", "[2, 4] f32", "strides [0, 1]", "clone()"}, [] {
    (void)counting({4}).expand({2, 4}).mutable_data<float>();
  });
  EXPECT_EQ(counting({4}).expand({2, 4}).data<float>()[3], 4.0f);
}

TEST(DataTest, MutableDataEndsPristine) {
  const Tensor tensor = counting({4});
  tensor.storage()->mark_pristine();
  (void)tensor.data<float>();
  EXPECT_TRUE(tensor.storage()->pristine());
  (void)tensor.mutable_data<float>();
  EXPECT_FALSE(tensor.storage()->pristine());
}

}  // namespace
}  // namespace hollow
