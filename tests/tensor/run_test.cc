// The door: what it checks, in which order, and that it opens only then.

#include "tensor/run.h"

#include <cstdint>
#include <new>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/failure.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::expect_error;
using Values = std::vector<int64_t>;

const TensorOptions kMeta = {.device = Device::meta()};

int calls = 0;

// y[i] = a[i] + 10 b[i], contiguous.
constexpr auto kKernel = []<typename T>(auto, T* y, const T* a, const T* b, int64_t n) {
  ++calls;
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] + T{10} * b[i];
};

void combine(const Tensor& y, const Tensor& a, const Tensor& b) {
  run<TypeList<float, int64_t>>("combine", y, {&a, &b}, kKernel, y.numel());
}

TEST(RunTest, CallsTheKernelWithTypedPointersAndMarksTheOutput) {
  const Tensor y = empty({5});
  combine(y.narrow(0, 1, 3), counting({3}), counting({4}).narrow(0, 1, 3));
  EXPECT_EQ(y.narrow(0, 1, 3).to_vector<int64_t>(), (Values{21, 32, 43}));
  EXPECT_EQ(y.state(), State::kPartial);
  EXPECT_EQ(y.storage()->unwritten(y.layout()).count(), 2);
  const TensorOptions integer = {.dtype = DType::kI64};
  const Tensor z = empty({2}, integer);
  combine(z, counting({2}, integer), counting({2}, integer));
  EXPECT_EQ(z.to_vector<int64_t>(), (Values{11, 22}));
  EXPECT_EQ(z.state(), State::kInitialized);
}

TEST(RunTest, InPlaceIsExactAliasing) {
  const Tensor y = counting({3});
  combine(y, y, y);
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{11, 22, 33}));
}

TEST(RunTest, MetaNeverReachesTheKernel) {
  calls = 0;
  const Tensor meta = empty({3}, kMeta);
  combine(meta, meta, empty({3}, kMeta));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(meta.state(), State::kMeta);
}

// Each of these is wrong in all that follows it too, so that only the order tells which is said.
TEST(RunTest, ChecksInTheOrderOfItsHeader) {
  calls = 0;
  const Tensor y = empty({4});
  const Tensor part = y.narrow(0, 1, 3);
  const Tensor unwritten = empty({3});
  const Tensor meta_integer = empty({3}, {.dtype = DType::kI64, .device = Device::meta()});
  const Tensor integer = empty({3}, {.dtype = DType::kI64});

  expect_error(ErrorCode::kDevice,
               {"combine:", "[3] f32 on cpu (allocated)", "[3] i64 on meta", "to_empty(device)"},
               [&] { combine(part, meta_integer, y.narrow(0, 0, 3)); });
  expect_error(
      ErrorCode::kDType,
      {"combine:", "[3] f32 on cpu (allocated)", "[3] i64 on cpu (allocated)", "to(dtype)"},
      [&] { combine(part, integer, y.narrow(0, 0, 3)); });
  expect_error(ErrorCode::kAlias, {"combine:", "overlaps", "[3] f32 on cpu (allocated)", "clone()"},
               [&] { combine(part, unwritten, y.narrow(0, 0, 3)); });
  expect_error(ErrorCode::kAlias, {"combine:", "repeats", "strides [0]"},
               [&] { combine(empty({1}).expand({3}), unwritten, unwritten); });
  expect_error(ErrorCode::kUninitialized,
               {"combine:", "[3] f32 on cpu (allocated)", "3 of 3 elements"},
               [&] { combine(part, counting({3}), unwritten); });
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(y.state(), State::kAllocated);
}

TEST(RunTest, ADTypeOutsideTheListIsAnError) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor half = ones({3}, {.dtype = DType::kF16, .device = device});
    expect_error(ErrorCode::kDType,
                 {"combine:", "does not take f16", "f32, i64", "[3] f16 on " + to_string(device)},
                 [&] { combine(half, half, half); });
  }
}

TEST(RunTest, MetaIsCheckedAsTheOthersAre) {
  const Tensor meta = empty({4}, kMeta);
  const Tensor other = empty({3}, kMeta);
  expect_error(ErrorCode::kDevice, {"combine:", "[3] f32 on meta", "[3] f32 on cpu (initialized)"},
               [&] { combine(other, other, counting({3})); });
  expect_error(ErrorCode::kDevice, {"combine:", "[3] f32 on meta"},
               [&] { combine(counting({3}), counting({3}), other); });
  expect_error(ErrorCode::kAlias, {"combine:", "overlaps", "[3] f32 on meta"},
               [&] { combine(meta.narrow(0, 1, 3), other, meta.narrow(0, 0, 3)); });
  expect_error(ErrorCode::kAlias, {"combine:", "repeats"},
               [&] { combine(empty({1}, kMeta).expand({3}), other, other); });
}

// sum[i] = a[i] + b[i], difference[i] = a[i] - b[i].
constexpr auto kTwo = []<typename T>(auto, T* sum, T* difference, const T* a, const T* b,
                                     int64_t n) {
  ++calls;
  for (int64_t i = 0; i < n; ++i) {
    const T left = a[i], right = b[i];
    sum[i] = left + right;
    difference[i] = left - right;
  }
};

void sum_and_difference(const Tensor& sum, const Tensor& difference, const Tensor& a,
                        const Tensor& b) {
  run<TypeList<float, int64_t>>("both", {&sum, &difference}, {&a, &b}, kTwo, sum.numel());
}

TEST(RunTest, AnOpMayHaveTwoOutputs) {
  const Tensor a = counting({3}, {}, 10), b = counting({3}), sum = empty({3}), rest = empty({3});
  sum_and_difference(sum, rest, a, b);
  EXPECT_EQ(sum.to_vector<int64_t>(), (Values{11, 13, 15}));
  EXPECT_EQ(rest.to_vector<int64_t>(), (Values{9, 9, 9}));
  EXPECT_EQ(rest.state(), State::kInitialized);
  // Halves of one storage are two outputs as well; and an output may be an input.
  const Tensor both = empty({6});
  sum_and_difference(both.narrow(0, 3, 3), both.narrow(0, 0, 3), a, b);
  EXPECT_EQ(both.to_vector<int64_t>(), (Values{9, 9, 9, 11, 13, 15}));
  sum_and_difference(a, b, a, b);
  EXPECT_EQ(b.to_vector<int64_t>(), (Values{9, 9, 9}));
}

TEST(RunTest, TwoOutputsAreCheckedAsOneIs) {
  const Tensor a = counting({3}), b = counting({3}), base = counting({5}), y = empty({3});
  const auto refused = [&](ErrorCode code, const Tensor& one, const Tensor& other) {
    expect_error(code, {"both:"}, [&] { sum_and_difference(one, other, a, b); });
    expect_error(code, {"both:"}, [&] { sum_and_difference(other, one, a, b); });
  };
  refused(ErrorCode::kAlias, y, y);
  refused(ErrorCode::kAlias, base.narrow(0, 0, 3), base.narrow(0, 2, 3));
  refused(ErrorCode::kAlias, y, counting({1}).expand({3}));
  refused(ErrorCode::kDevice, y, empty({3}, kMeta));
  refused(ErrorCode::kDType, y, empty({3}, {.dtype = DType::kI64}));
  expect_error(ErrorCode::kAlias, {"both:", "overlaps the input"},
               [&] { sum_and_difference(y, base.narrow(0, 1, 3), base.narrow(0, 0, 3), b); });
  expect_error(ErrorCode::kUninitialized, {"both:"}, [&] { sum_and_difference(a, b, a, y); });
  EXPECT_EQ(base.to_vector<int64_t>(), (Values{1, 2, 3, 4, 5}));
  EXPECT_EQ(a.to_vector<int64_t>(), (Values{1, 2, 3}));
  const Tensor meta = empty({3}, kMeta);
  const int before = calls;
  sum_and_difference(meta, empty({3}, kMeta), meta, meta);
  EXPECT_EQ(calls, before);
}

TEST(RunTest, PartsThatWereWrittenMayBeRead) {
  const Tensor source = empty({6});
  source.narrow(0, 3, 3).copy_(counting({3}));
  const Tensor y = empty({3});
  combine(y, source.narrow(0, 3, 3), source.narrow(0, 3, 3));
  EXPECT_EQ(y.to_vector<int64_t>(), (Values{11, 22, 33}));
  expect_error(ErrorCode::kUninitialized, {"1 of 3 elements", "element 2 of its storage"},
               [&] { combine(y, source.narrow(0, 2, 3), source.narrow(0, 3, 3)); });
}

TEST(RunTest, WhatTheKernelThrowsIsAnErrorOfTheOpAndNothingIsMarked) {
  const Tensor y = empty({3});
  const auto failing = []<typename T>(auto, T*) {
    throw kernels::Failure(kernels::Failure::Kind::kUnsupported, "not yet");
  };
  expect_error(ErrorCode::kUnsupported, {"op: ", "not yet"},
               [&] { run<Floats>("op", y, failing); });
  const auto greedy = []<typename T>(auto, T*) { throw std::bad_alloc(); };
  expect_error(ErrorCode::kOutOfMemory, {"op: "}, [&] { run<Floats>("op", y, greedy); });
  EXPECT_EQ(y.state(), State::kAllocated);
}

TEST(RunTest, AWriteEndsPristine) {
  const Tensor y = counting({3});
  y.storage()->mark_pristine();
  const Tensor sum = empty({3});
  combine(sum, y, y);
  EXPECT_TRUE(y.storage()->pristine()) << "it was only read";
  combine(y, y, sum);
  EXPECT_FALSE(y.storage()->pristine());
}

}  // namespace
}  // namespace hollow
