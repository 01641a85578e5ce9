#include "tensor/ops/linear.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::doubles;
using testing::expect_error;
using testing::random_view;
using Values = std::vector<int64_t>;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16};

double unit_roundoff(DType dtype) {
  if (dtype == DType::kF16) return 0x1p-11;
  return dtype == DType::kBF16 ? 0x1p-8 : 0x1p-24;
}

// Against f64, within what f32 sums of that length and one rounding (and one for the bias) may
// lose.
void expect_product(const Tensor& y, const Tensor& x, const Tensor& weight, const Tensor* bias) {
  const int64_t n = weight.size(0), p = weight.size(1);
  const std::vector<double> from_x = doubles(x), from_w = doubles(weight), values = doubles(y);
  const std::vector<double> from_b = bias != nullptr ? doubles(*bias) : std::vector<double>(n, 0);
  ASSERT_EQ(y.numel(), p == 0 ? y.numel() : x.numel() / p * n);
  for (int64_t i = 0; i < y.numel(); ++i) {
    double sum = from_b[i % n], magnitude = std::abs(sum);
    for (int64_t k = 0; k < p; ++k) {
      const double term = from_x[i / n * p + k] * from_w[i % n * p + k];
      sum += term;
      magnitude += std::abs(term);
    }
    const double bound = (static_cast<double>(p) + 2) * 0x1p-24 * magnitude +
                         2 * unit_roundoff(y.dtype()) * magnitude;
    ASSERT_NEAR(values[i], sum, bound) << i;
  }
}

TEST(LinearTest, IsTheReference) {
  std::mt19937_64 random(31);
  const struct {
    Shape x;
    int64_t out;
  } kCases[] = {{{4, 20}, 30},  {{2, 3, 7}, 5},    {{9}, 4},       {{1, 1}, 1},
                {{33, 65}, 17}, {{2, 2, 2, 3}, 3}, {{1, 130}, 129}};
  for (const DType dtype : kFloats) {
    for (const auto& [shape, out] : kCases) {
      const Tensor x = random_view(shape, dtype, random);
      const Tensor weight = random_view({out, shape.back()}, dtype, random);
      const Tensor bias = random_view({out}, dtype, random);
      Shape expected = shape;
      expected.back() = out;
      const Tensor y = linear(x, weight);
      EXPECT_EQ(y.shape(), expected);
      EXPECT_TRUE(y.is_contiguous());
      EXPECT_EQ(y.dtype(), dtype);
      expect_product(y, x, weight, nullptr);
      expect_product(linear(x, weight, bias), x, weight, &bias);
    }
  }
}

TEST(LinearTest, SmallIntegersAreExact) {
  for (const DType dtype : kFloats) {
    const TensorOptions options = {.dtype = dtype};
    const Tensor y = linear(counting({2, 3}, options), counting({2, 3}, options, 4),
                            counting({2}, options, 100));
    EXPECT_EQ(y.to_vector<int64_t>(), (Values{132, 151, 177, 223})) << dtype;
  }
}

TEST(LinearTest, WithoutElements) {
  EXPECT_EQ(linear(empty({0, 3}), ones({2, 3})).shape(), (Shape{0, 2}));
  EXPECT_EQ(linear(ones({4, 3}), empty({0, 3})).shape(), (Shape{4, 0}));
  for (const DType dtype : kFloats) {
    const TensorOptions options = {.dtype = dtype};
    const Tensor y = linear(empty({2, 0}, options), empty({3, 0}, options));
    EXPECT_EQ(y.to_vector<int64_t>(), (Values{0, 0, 0, 0, 0, 0})) << "a sum of nothing";
    const Tensor biased =
        linear(empty({2, 0}, options), empty({3, 0}, options), counting({3}, options, 7));
    EXPECT_EQ(biased.to_vector<int64_t>(), (Values{7, 8, 9, 7, 8, 9}));
  }
}

TEST(LinearTest, NotANumberStaysInItsRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> y =
      linear(from_values<float>({1, nan, 3, 4}, {2, 2}), counting({2, 2})).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]));
  EXPECT_EQ(y[2], 11.0f);
  EXPECT_EQ(y[3], 25.0f);
}

TEST(LinearTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " on " + to_string(device);
    const TensorOptions options = {.device = device};
    const TensorOptions half = {.dtype = DType::kF16, .device = device};
    const Tensor x = ones({2, 3}, options);
    const Tensor weight = ones({4, 3}, options);
    for (const Shape& shape : {Shape{4, 2}, Shape{3}, Shape{4, 3, 1}, Shape{}}) {
      expect_error(ErrorCode::kShape,
                   {"linear:", to_string(shape) + " f32" + on, "[2, 3] f32" + on},
                   [&] { linear(x, ones(shape, options)); });
    }
    expect_error(ErrorCode::kShape, {"linear:"}, [&] { linear(ones({}, options), weight); });
    for (const Shape& shape : {Shape{3}, Shape{1}, Shape{4, 1}, Shape{}}) {
      expect_error(ErrorCode::kShape, {"linear:", "bias", to_string(shape) + " f32" + on},
                   [&] { linear(x, weight, ones(shape, options)); });
    }
    expect_error(ErrorCode::kDType, {"linear:", "f32" + on, "[4, 3] f16" + on}, [&] {
      linear(x, ones({4, 3}, half));
    });
    expect_error(ErrorCode::kDType, {"linear:", "f32" + on, "[4] f16" + on},
                 [&] { linear(x, weight, ones({4}, half)); });
    const TensorOptions integer = {.dtype = DType::kI64, .device = device};
    expect_error(ErrorCode::kDType, {"linear:", "does not take i64"}, [&] {
      linear(ones({2, 3}, integer), ones({4, 3}, integer));
    });
    const TensorOptions other = {.device = device.is_meta() ? Device::cpu() : Device::meta()};
    expect_error(ErrorCode::kDevice, {"linear:", "on cpu", "on meta"}, [&] {
      linear(x, ones({4, 3}, other));
    });
    expect_error(ErrorCode::kDevice, {"linear:", "on cpu", "on meta", "[4] f32"},
                 [&] { linear(x, weight, ones({4}, other)); });
  }
}

TEST(LinearTest, WantsValues) {
  expect_error(ErrorCode::kUninitialized, {"linear:", "[2, 3] f32 on cpu (allocated)"}, [] {
    linear(empty({2, 3}), ones({4, 3}));
  });
  expect_error(ErrorCode::kUninitialized, {"linear:", "[3, 2] f32 on cpu (allocated)"}, [] {
    linear(empty({2, 3}).transpose(0, 1), ones({4, 2}));
  });
  expect_error(ErrorCode::kUninitialized, {"linear:", "[4, 3] f32 on cpu (allocated)"}, [] {
    linear(ones({2, 3}), empty({4, 3}));
  });
  expect_error(ErrorCode::kUninitialized, {"linear:", "[4] f32 on cpu (allocated)"}, [] {
    linear(ones({2, 3}), ones({4, 3}), empty({4}));
  });
}

}  // namespace
}  // namespace hollow
