// The members of Tensor that carry values: copy_, clone, to, contiguous, item, to_vector, write.

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using Values = std::vector<int64_t>;

const TensorOptions kMeta = {.device = Device::meta()};
constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16,
                          DType::kF64, DType::kI64, DType::kBool};

TEST(CopyTest, TakesShapeDTypeAndBroadcast) {
  const Tensor y = empty({2, 3}, {.dtype = DType::kI64});
  y.copy_(counting({2, 3}, {.dtype = DType::kF16}));
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{1, 2, 3, 4, 5, 6}));
  y.copy_(counting({2, 1}, {.dtype = DType::kBF16}, 40));
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{40, 40, 40, 41, 41, 41}));
  y.copy_(counting({3}, {}, 7));
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{7, 8, 9, 7, 8, 9}));
  y.copy_(full({}, 5));
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{5, 5, 5, 5, 5, 5}));
}

TEST(CopyTest, BetweenViewsOfAnyStrides) {
  const Tensor y = zeros({5, 4, 3});
  const Tensor into = y.transpose(0, 2).narrow(2, 1, 3).select(0, 1);
  const Tensor from = counting({3, 9, 4}).permute({2, 0, 1}).select(2, 8);
  into.copy_(from);
  EXPECT_EQ(into.to_vector<int64_t>(), from.to_vector<int64_t>());
  int64_t others = 0;
  for (const int64_t value : y.to_vector<int64_t>()) others += value == 0;
  EXPECT_EQ(others, 5 * 4 * 3 - 12);
}

TEST(CopyTest, ConvertsAsKernelsConvertDoes) {
  const float nan = std::nanf("");
  const Tensor source = from_values<float>({-2.75f, nan, 1e30f, -1e30f, 0.0f, 70000.0f});
  EXPECT_EQ(source.to(DType::kI64).to_vector<int64_t>(),
            (Values{-2, 0, INT64_MAX, INT64_MIN, 0, 70000}));
  EXPECT_EQ(source.to_vector<bool>(), (std::vector<bool>{true, true, true, true, false, true}));
  EXPECT_EQ(source.to(DType::kF16).to_vector<Half>()[5].bits, 0x7c00);
  EXPECT_EQ(from_values<bool>({true, false}).to_vector<float>(), (std::vector<float>{1, 0}));
}

TEST(CopyTest, OnItselfItIsNothing) {
  const Tensor tensor = counting({3});
  tensor.copy_(tensor);
  EXPECT_EQ(tensor.to_vector<int64_t>(), (Values{1, 2, 3}));
}

TEST(CopyTest, PartialOverlapIsAnErrorOnMetaToo) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor tensor = counting({5}, {.device = device});
    expect_error(ErrorCode::kAlias, {"copy_:", "overlaps", "[3] f32 on"},
                 [&] { tensor.narrow(0, 1, 3).copy_(tensor.narrow(0, 0, 3)); });
    const Tensor square = counting({3, 3}, {.device = device});
    expect_error(ErrorCode::kAlias, {"copy_:"}, [&] { square.copy_(square.transpose(0, 1)); });
  }
  const Tensor table = counting({2, 3}, {}, 0);
  table.select(1, 0).copy_(table.select(1, 2));
  EXPECT_EQ(table.to_vector<int64_t>(), (Values{2, 1, 2, 5, 4, 5}));
}

TEST(CopyTest, AnExpandedDestinationIsAnError) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    expect_error(ErrorCode::kAlias, {"copy_:", "[2, 3] f32 on", "repeats"}, [&] {
      counting({3}, {.device = device}).expand({2, 3}).copy_(ones({2, 3}, {.device = device}));
    });
  }
}

TEST(CopyTest, TheDestinationDecidesAboutMeta) {
  const Tensor real = counting({2, 3});
  const Tensor meta = empty({2, 3}, kMeta);
  meta.copy_(real);
  meta.copy_(empty({3}));
  EXPECT_EQ(meta.state(), State::kMeta);
  expect_error(ErrorCode::kMeta, {"copy_:", "[3] f32 on meta", "to_empty"},
               [&] { real.copy_(empty({3}, kMeta)); });
  EXPECT_EQ(real.to_vector<int64_t>(), (Values{1, 2, 3, 4, 5, 6}));
  for (const Tensor& into : {real, meta}) {
    expect_error(ErrorCode::kShape, {"copy_:", "[4]", "[2, 3]"}, [&] { into.copy_(ones({4})); });
    expect_error(ErrorCode::kShape, {"copy_:", "[1, 2, 3]"}, [&] {
      into.copy_(ones({1, 2, 3}, kMeta));
    });
  }
}

TEST(CopyTest, WantsValuesAndMarksWhatItWrote) {
  const Tensor source = empty({4});
  source.narrow(0, 1, 3).copy_(counting({3}));
  const Tensor y = empty({8});
  expect_error(ErrorCode::kUninitialized,
               {"copy_:", "[4] f32 on cpu (partial)", "1 of 4 elements", "element 0"},
               [&] { y.narrow(0, 0, 4).copy_(source); });
  EXPECT_EQ(y.state(), State::kAllocated);
  y.narrow(0, 2, 3).copy_(source.narrow(0, 1, 3));
  EXPECT_EQ(y.state(), State::kPartial);
  EXPECT_EQ(y.narrow(0, 2, 3).to_vector<int64_t>(), (Values{1, 2, 3}));
  EXPECT_FALSE(y.narrow(0, 1, 2).is_initialized());
}

TEST(CloneTest, HasValuesAndDenseStridesOfItsOwn) {
  const Tensor tensor = counting({2, 3}, {.dtype = DType::kBF16}).transpose(0, 1);
  const Tensor clone = tensor.clone();
  EXPECT_NE(clone.storage(), tensor.storage());
  EXPECT_EQ(clone.strides(), (Strides{1, 3}));
  EXPECT_EQ(bits(clone), bits(tensor));
  fill_(tensor, 9);
  EXPECT_EQ(clone.to_vector<int64_t>(), (Values{1, 4, 2, 5, 3, 6}));
  const Tensor gaps = counting({2, 6}).narrow(1, 2, 3).transpose(0, 1).clone();
  EXPECT_EQ(gaps.strides(), (Strides{2, 1}));
  EXPECT_EQ(gaps.storage_offset(), 0);
  EXPECT_EQ(gaps.to_vector<int64_t>(), (Values{3, 9, 4, 10, 5, 11}));
  EXPECT_EQ(counting({3}).expand({2, 3}).clone().strides(), (Strides{3, 1}));
  EXPECT_TRUE(empty({3}, kMeta).clone().is_meta());
  expect_error(ErrorCode::kUninitialized, {"clone:", "[3] f32 on cpu (allocated)"},
               [] { empty({3}).clone(); });
}

TEST(ContiguousTest, IsItselfOrACopy) {
  const Tensor tensor = counting({2, 3});
  EXPECT_TRUE(tensor.contiguous().is_same(tensor));
  const Tensor turned = tensor.transpose(0, 1).contiguous();
  EXPECT_EQ(turned.strides(), (Strides{2, 1}));
  EXPECT_EQ(turned.to_vector<int64_t>(), (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_TRUE(empty({2, 3}, kMeta).transpose(0, 1).contiguous().is_contiguous());
  expect_error(ErrorCode::kUninitialized, {"contiguous:", "[3, 2] f32 on cpu (allocated)"}, [] {
    empty({2, 3}).transpose(0, 1).contiguous();
  });
}

TEST(ToTest, DTypeGivesANewTensorUnlessItHasIt) {
  const Tensor tensor = counting({2, 3}).transpose(0, 1);
  EXPECT_TRUE(tensor.to(DType::kF32).is_same(tensor));
  for (const DType dtype : kAll) {
    const Tensor result = tensor.to(dtype);
    EXPECT_EQ(result.dtype(), dtype);
    EXPECT_EQ(result.strides(), tensor.strides());
    EXPECT_EQ(bits(result), bits(counting({2, 3}, {.dtype = dtype}).transpose(0, 1)));
    const Tensor meta = empty({2, 3}, kMeta).transpose(0, 1).to(dtype);
    EXPECT_EQ(meta.dtype(), dtype);
    EXPECT_TRUE(meta.is_meta());
    EXPECT_EQ(meta.strides(), tensor.strides());
  }
  expect_error(ErrorCode::kUninitialized, {"to:", "[3] f32 on cpu (allocated)"},
               [] { empty({3}).to(DType::kF16); });
}

TEST(ToTest, MetaIsTheDescriptionAlone) {
  const Tensor unwritten = empty({2, 3}, {.dtype = DType::kF16});
  EXPECT_TRUE(unwritten.to(Device::cpu()).is_same(unwritten));
  const Tensor meta = unwritten.transpose(0, 1).to(Device::meta());
  EXPECT_TRUE(meta.is_meta());
  EXPECT_EQ(meta.dtype(), DType::kF16);
  EXPECT_EQ(meta.strides(), (Strides{1, 3}));
  EXPECT_EQ(unwritten.state(), State::kAllocated);
  EXPECT_TRUE(meta.to(Device::meta()).is_same(meta));
}

TEST(ToTest, AMetaTensorGoesNowhere) {
  expect_error(ErrorCode::kMeta, {"to:", "[2, 3] f32 on meta", "cpu", "to_empty"}, [] {
    empty({2, 3}, kMeta).to(Device::cpu());
  });
  expect_error(ErrorCode::kDevice, {"to:"}, [] { counting({2}).to(Device::cuda(127)); });
}

TEST(ReadTest, ItemIsTheOnlyElement) {
  EXPECT_EQ(full({1, 1}, 2.5).item<float>(), 2.5f);
  EXPECT_EQ(counting({4, 5}).select(0, 2).select(0, 1).item<int64_t>(), 12);
  EXPECT_TRUE(full({}, 3).item<bool>());
  expect_error(ErrorCode::kShape, {"item:", "[2] f32 on cpu", "2 elements", "to_vector"},
               [] { ones({2}).item<float>(); });
  expect_error(ErrorCode::kShape, {"item:", "0 elements"}, [] { ones({0}).item<float>(); });
  expect_error(ErrorCode::kUninitialized, {"item:", "[1] f32 on cpu (allocated)", "fill_()"},
               [] { empty({1}).item<float>(); });
  expect_error(ErrorCode::kMeta, {"item:", "[1] f32 on meta", "to_empty"},
               [] { empty({1}, kMeta).item<float>(); });
}

TEST(ReadTest, ToVectorIsRowMajor) {
  EXPECT_EQ(counting({2, 3}).transpose(0, 1).to_vector<float>(),
            (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(counting({2}).expand({2, 2}).to_vector<int64_t>(), (Values{1, 2, 1, 2}));
  EXPECT_TRUE(zeros({3, 0}).to_vector<Half>().empty());
  expect_error(ErrorCode::kUninitialized, {"to_vector:", "[2] f32 on cpu (allocated)"},
               [] { empty({2}).to_vector<float>(); });
  expect_error(ErrorCode::kMeta, {"to_vector:", "[0] f32 on meta"},
               [] { empty({0}, kMeta).to_vector<float>(); });
}

TEST(WriteTest, FillsInRowMajorOrderAndConverts) {
  for (const DType dtype : {DType::kF32, DType::kI64, DType::kBF16}) {
    const Tensor tensor = empty({2, 3}, {.dtype = dtype});
    tensor.transpose(0, 1).write<int64_t>([](absl::Span<int64_t> values) {
      for (size_t i = 0; i < values.size(); ++i) values[i] = 10 * static_cast<int64_t>(i);
    });
    EXPECT_EQ(tensor.to_vector<int64_t>(), (Values{0, 20, 40, 10, 30, 50})) << dtype;
    EXPECT_EQ(tensor.state(), State::kInitialized);
  }
}

TEST(WriteTest, WhatThrowsHasWrittenNothing) {
  for (const DType dtype : {DType::kF32, DType::kI64}) {
    const Tensor tensor = empty({4}, {.dtype = dtype});
    EXPECT_THROW(tensor.write<float>([](absl::Span<float>) { throw std::runtime_error("no"); }),
                 std::runtime_error);
    EXPECT_EQ(tensor.state(), State::kAllocated);
  }
}

TEST(WriteTest, OnMetaItDoesNotCall) {
  const Tensor tensor = empty({4}, kMeta);
  tensor.write<float>([](absl::Span<float>) { ADD_FAILURE() << "called"; });
  EXPECT_TRUE(tensor.is_meta());
  expect_error(ErrorCode::kAlias, {"write:", "[2, 4] f32", "repeats"}, [] {
    ones({4}).expand({2, 4}).write<float>([](absl::Span<float>) { ADD_FAILURE() << "called"; });
  });
}

}  // namespace
}  // namespace hollow
