#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/ops/layer_scale.h"
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

// The definition: alpha times gamma in f32, one fma, rounded to the dtype; or all in f64.
template <typename C>
std::vector<uint64_t> reference_in(const Tensor& residual, const Tensor& x, const Tensor& gamma,
                                   double alpha) {
  const std::vector<double> r = doubles(residual), v = doubles(x), g = doubles(gamma);
  const Tensor y = empty(x.shape(), {.dtype = x.dtype()});
  y.write<C>([&](absl::Span<C> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const C factor = static_cast<C>(alpha) * static_cast<C>(g[i % g.size()]);
      values[i] = std::fma(static_cast<C>(v[i]), factor, static_cast<C>(r[i]));
    }
  });
  return bits(y);
}

std::vector<uint64_t> reference(const Tensor& residual, const Tensor& x, const Tensor& gamma,
                                double alpha) {
  return x.dtype() == DType::kF64 ? reference_in<double>(residual, x, gamma, alpha)
                                  : reference_in<float>(residual, x, gamma, alpha);
}

TEST(LayerScaleAddTest, IsItsDefinitionForEveryShape) {
  std::mt19937_64 random(31);
  for (const DType dtype : kFloats) {
    for (const auto& [shape, channels] : testing::scaled_shapes()) {
      for (const double alpha : {1.0, -0.3}) {
        const Tensor residual = random_tensor(shape, dtype, random);
        const Tensor x = random_tensor(shape, dtype, random);
        const Tensor gamma = random_tensor(channels, dtype, random);
        const std::vector<uint64_t> expected = reference(residual, x, gamma, alpha);
        const Tensor y = layer_scale_add(residual, x, gamma, alpha);
        EXPECT_EQ(y.shape(), shape);
        EXPECT_TRUE(y.is_contiguous());
        ASSERT_TRUE(bits(y) == expected) << dtype << to_string(shape);
        layer_scale_add_(residual, x, gamma, alpha);
        ASSERT_TRUE(bits(residual) == expected) << dtype << to_string(shape);
      }
    }
  }
}

TEST(LayerScaleAddTest, IsItsDefinitionForEveryView) {
  std::mt19937_64 random(32);
  for (const DType dtype : kFloats) {
    for (int trial = 0; trial < 20; ++trial) {
      const Shape shape = {3, 5, 1 + trial};
      const Tensor residual = random_view(shape, dtype, random);
      const Tensor x = random_view(shape, dtype, random);
      const Tensor gamma = random_view({1 + trial}, dtype, random);
      const std::vector<uint64_t> expected = reference(residual, x, gamma, 0.7);
      EXPECT_EQ(bits(layer_scale_add(residual, x, gamma, 0.7)), expected);
      const Tensor y = random_view(shape, dtype, random);
      layer_scale_add_out(y, residual, x, gamma, 0.7);
      EXPECT_EQ(bits(y), expected);
      layer_scale_add_(residual, x, gamma, 0.7);
      EXPECT_EQ(bits(residual), expected);
    }
  }
}

// alpha is not rounded to the dtype, and nothing is rounded on the way.
TEST(LayerScaleAddTest, LowPrecisionRoundsOnce) {
  for (const DType dtype : kFloats) {
    std::mt19937_64 random(33);
    const Tensor residual = random_tensor({64, 48}, dtype, random);
    const Tensor x = random_tensor({64, 48}, dtype, random);
    const Tensor gamma = random_tensor({48}, dtype, random);
    const std::vector<double> r = doubles(residual), v = doubles(x), g = doubles(gamma);
    const std::vector<double> y = doubles(layer_scale_add(residual, x, gamma, 0.1));
    const double digit = testing::half_digit(dtype);
    for (size_t i = 0; i < y.size(); ++i) {
      const double exact = r[i] + 0.1 * g[i % g.size()] * v[i];
      const double product = std::abs(0.1 * g[i % g.size()] * v[i]);
      ASSERT_NEAR(y[i], exact,
                  std::abs(exact) * digit + product * testing::half_digit(DType::kF32) * 2 + 1e-7)
          << dtype;
    }
  }
}

TEST(LayerScaleAddTest, InF64AlphaMayBeWhatF32CannotHold) {
  const TensorOptions f64 = {.dtype = DType::kF64};
  const Tensor one = ones({1}, f64);
  EXPECT_EQ(layer_scale_add(zeros({1}, f64), one, one, 1e300).item<double>(), 1e300);
  EXPECT_EQ(layer_scale_add(zeros({1}, f64), one, one, 0.1).item<double>(), 0.1);
  expect_error(ErrorCode::kValue, {"layer_scale_add:", "alpha must be finite; it is inf"},
               [&] { layer_scale_add(one, one, one, std::numeric_limits<double>::infinity()); });
}

TEST(LayerScaleAddTest, EveryArgumentMayBeTheOutput) {
  const Tensor gamma = from_values<float>({2, 3, 5});
  const std::vector<int64_t> expected = {11 + 2, 12 + 6, 13 + 15, 14 + 8, 15 + 15, 16 + 30};
  const Tensor x = counting({2, 3}), residual = counting({2, 3}, {}, 11);
  const Tensor y = x.clone();
  layer_scale_add_out(y, residual, y, gamma);
  EXPECT_EQ(y.to_vector<int64_t>(), expected);
  layer_scale_add_out(residual, residual, x, gamma);
  EXPECT_EQ(residual.to_vector<int64_t>(), expected);
  layer_scale_add_(x, x, gamma);  // x * (1 + gamma)
  EXPECT_EQ(x.to_vector<int64_t>(), (std::vector<int64_t>{3, 8, 18, 12, 20, 36}));
  const Tensor base = counting({3, 3});
  expect_error(ErrorCode::kAlias, {"layer_scale_add_:", "overlaps"},
               [&] { layer_scale_add_(base.narrow(0, 1, 2), base.narrow(0, 0, 2), gamma); });
  EXPECT_EQ(bits(base), bits(counting({3, 3})));
}

TEST(LayerScaleAddTest, ErrorsAreTheSameOnMeta) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " on " + to_string(device);
    const TensorOptions options = {.device = device};
    const Tensor x = ones({2, 3}, options), gamma = ones({3}, options);
    const Tensor wide = ones({3, 3}, options), row = ones({3}, options);
    expect_error(ErrorCode::kShape, {"layer_scale_add:", "gamma must be [dim]"},
                 [&] { layer_scale_add(x, x, ones({2}, options)); });
    for (const Tensor& other : {wide, row}) {
      const std::vector<std::string> parts = {to_string(other.shape()) + " f32" + on,
                                              "[2, 3] f32" + on, "shape of x"};
      expect_error(ErrorCode::kShape, parts, [&] { layer_scale_add(other, x, gamma); });
      expect_error(ErrorCode::kShape, parts, [&] { layer_scale_add_(other, x, gamma); });
      expect_error(ErrorCode::kShape, parts, [&] { layer_scale_add_out(other, x, x, gamma); });
    }
    const Tensor half = ones({2, 3}, {.dtype = DType::kBF16, .device = device});
    expect_error(ErrorCode::kDType, {"layer_scale_add:", "bf16" + on, "f32" + on},
                 [&] { layer_scale_add(half, x, gamma); });
    const Tensor away = ones({2, 3}, {.device = device.is_meta() ? Device::cpu() : Device::meta()});
    expect_error(ErrorCode::kDevice, {"layer_scale_add_:", "f32 on cpu", "f32 on meta"},
                 [&] { layer_scale_add_(away, x, gamma); });
    for (const double alpha : {kNaN, 1e39}) {
      expect_error(ErrorCode::kValue, {"layer_scale_add:", "alpha must be finite", "[2, 3] f32"},
                   [&] { layer_scale_add(x, x, gamma, alpha); });
    }
  }
}

TEST(LayerScaleAddTest, WantsValues) {
  const Tensor x = counting({2, 3}), gamma = ones({3});
  expect_error(ErrorCode::kUninitialized, {"layer_scale_add:", "[2, 3] f32 on cpu (allocated)"},
               [&] {
                 layer_scale_add(empty({2, 3}), x, gamma);
               });
  expect_error(ErrorCode::kUninitialized, {"layer_scale_add_:"},
               [&] { layer_scale_add_(x, x, empty({3})); });
  EXPECT_EQ(bits(x), bits(counting({2, 3})));
}

}  // namespace
}  // namespace hollow
