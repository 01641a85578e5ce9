#include "tensor/ops/reduce.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::doubles;
using testing::expect_error;
using testing::random_tensor;
using testing::random_view;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};

struct Moments {
  long double sum = 0, mean = 0, squares = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments result;
  for (const double value : values) result.sum += value;
  result.mean = result.sum / static_cast<long double>(values.size());
  for (const double value : values) {
    result.squares += (value - result.mean) * (value - result.mean);
  }
  return result;
}

// The f64 result may lie on the other side of a rounding boundary: one unit in the last place.
void expect_rounded(const Tensor& y, long double expected) {
  EXPECT_EQ(y.shape(), (Shape{}));
  const double value = y.item<double>();
  const double unit = y.dtype() == DType::kF64 ? 0x1p-45 : 2 * testing::half_digit(y.dtype());
  EXPECT_NEAR(value, static_cast<double>(expected),
              0.501 * unit * std::abs(static_cast<double>(expected)) + 1e-12)
      << y.dtype();
}

TEST(ReduceTest, IsTheReferenceRoundedOnce) {
  std::mt19937_64 random(41);
  for (const DType dtype : kFloats) {
    for (const Shape& shape :
         {Shape{7}, Shape{3, 5, 11}, Shape{1}, Shape{2, 1, 4}, Shape{700, 211}}) {
      for (const Tensor& x :
           {random_tensor(shape, dtype, random), random_view(shape, dtype, random)}) {
        const Moments expected = moments(doubles(x));
        const long double n = static_cast<long double>(x.numel());
        expect_rounded(sum(x), expected.sum);
        expect_rounded(mean(x), expected.mean);
        if (x.numel() > 1) expect_rounded(std(x), std::sqrt(expected.squares / (n - 1)));
        expect_rounded(std(x, 0), std::sqrt(expected.squares / n));
        if (x.numel() > 5) expect_rounded(std(x, 5), std::sqrt(expected.squares / (n - 5)));
      }
    }
  }
}

TEST(ReduceTest, NothingIsLostOnTheWay) {
  // In f32, 2^25 + 1 is 2^25 again; in bf16, 256 + 1 is 256.
  const Tensor large = ones({70000});
  fill_(large.narrow(0, 0, 1), 0x1p25);
  EXPECT_EQ(sum(large).item<float>(), 0x1p25f + 70000.0f);
  EXPECT_EQ(sum(ones({1024}, {.dtype = DType::kBF16})).item<float>(), 1024.0f);
  const Tensor offset = full({1000}, 0x1p20);
  fill_(offset.narrow(0, 0, 500), 0x1p20 + 2);
  EXPECT_EQ(std(offset, 0).item<float>(), 1.0f) << "two passes, no difference of squares";
  EXPECT_EQ(mean(offset).item<float>(), 0x1p20f + 1);
  // Their mean, 2^24 - 1.5, is no f32.
  const Tensor near = full({1000}, 0x1p24 - 1);
  fill_(near.narrow(0, 0, 500), 0x1p24 - 2);
  EXPECT_EQ(std(near, 0).item<float>(), 0.5f);
}

TEST(ReduceTest, IntegersWrapAround) {
  const TensorOptions integer = {.dtype = DType::kI64};
  EXPECT_EQ(sum(counting({100000}, integer)).item<int64_t>(), int64_t{100000} * 100001 / 2);
  EXPECT_EQ(sum(from_values<int64_t>({INT64_MAX, 5})).item<int64_t>(), INT64_MIN + 4);
  EXPECT_EQ(sum(from_values<int64_t>({INT64_MIN, -1})).dtype(), DType::kI64);
}

TEST(ReduceTest, ViewsRepeatsAndScalars) {
  EXPECT_EQ(sum(counting({3}).expand({4, 3})).item<float>(), 24.0f);
  EXPECT_EQ(sum(counting({4, 3}).select(1, 2)).item<float>(), 3 + 6 + 9 + 12);
  EXPECT_EQ(mean(full({}, 7)).item<float>(), 7.0f);
  EXPECT_EQ(std(full({}, 7), 0).item<float>(), 0.0f);
  const Tensor partly = empty({4});
  fill_(partly.narrow(0, 1, 2), 5);
  EXPECT_EQ(sum(partly.narrow(0, 1, 2)).item<float>(), 10.0f);
}

TEST(ReduceTest, OfTooFewElements) {
  for (const DType dtype : kFloats) {
    const TensorOptions options = {.dtype = dtype};
    EXPECT_EQ(bits(sum(empty({0, 3}, options))), bits(zeros({}, options)));
    EXPECT_TRUE(std::isnan(mean(empty({0}, options)).item<float>()));
    EXPECT_TRUE(std::isnan(std(empty({0}, options), 0).item<float>()));
    EXPECT_TRUE(std::isnan(std(ones({1}, options)).item<float>()));
    EXPECT_TRUE(std::isnan(std(counting({3}, options), 3).item<float>()));
    EXPECT_TRUE(std::isnan(std(counting({3}, options), INT64_MAX).item<float>()));
  }
  EXPECT_EQ(sum(empty({0}, {.dtype = DType::kI64})).item<int64_t>(), 0);
}

TEST(ReduceTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " on " + to_string(device);
    const Tensor integer = ones({2, 3}, {.dtype = DType::kI64, .device = device});
    const Tensor flags = ones({2, 3}, {.dtype = DType::kBool, .device = device});
    expect_error(ErrorCode::kDType, {"mean:", "does not take i64", "[2, 3] i64" + on},
                 [&] { mean(integer); });
    expect_error(ErrorCode::kDType, {"std:", "i64", "[2, 3] i64" + on}, [&] { std(integer); });
    expect_error(ErrorCode::kDType, {"sum:", "bool", "[2, 3] bool" + on}, [&] { sum(flags); });
    expect_error(ErrorCode::kValue, {"std:", "-1", "0 or more"},
                 [&] { std(ones({2}, {.device = device}), -1); });
  }
}

TEST(ReduceTest, WantsValuesUnderItsOwnName) {
  const Tensor unwritten = empty({2, 3});
  for (const Tensor& x : {unwritten, unwritten.transpose(0, 1)}) {
    const std::string text = to_string(x.shape()) + " f32 on cpu (allocated)";
    expect_error(ErrorCode::kUninitialized, {"sum:", text}, [&] { sum(x); });
    expect_error(ErrorCode::kUninitialized, {"mean:", text}, [&] { mean(x); });
    expect_error(ErrorCode::kUninitialized, {"std:", text}, [&] { std(x); });
  }
}

}  // namespace
}  // namespace hollow
