#include "tensor/ops/layer_scale.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/types/span.h"
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
using Values = std::vector<int64_t>;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};

// In f64, where the product of two f32 is exact; rounded to f32 and then to the dtype, if that is
// not f64 itself.
std::vector<uint64_t> reference(const Tensor& x, const Tensor& gamma) {
  const std::vector<double> factors = doubles(gamma);
  const std::vector<double> inputs = doubles(x);
  const Tensor y = empty(x.shape(), {.dtype = x.dtype()});
  y.write<double>([&](absl::Span<double> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const double product = inputs[i] * factors[i % factors.size()];
      values[i] = x.dtype() == DType::kF64 ? product : static_cast<float>(product);
    }
  });
  return bits(y);
}

TEST(LayerScaleTest, IsTheReferenceForEveryShape) {
  std::mt19937_64 random(21);
  for (const DType dtype : kFloats) {
    for (const auto& [shape, channels] : testing::scaled_shapes()) {
      const Tensor x = random_tensor(shape, dtype, random);
      const Tensor gamma = random_tensor(channels, dtype, random);
      const Tensor y = layer_scale(x, gamma);
      EXPECT_EQ(y.shape(), shape);
      EXPECT_TRUE(y.is_contiguous());
      EXPECT_EQ(y.dtype(), dtype);
      ASSERT_TRUE(bits(y) == reference(x, gamma)) << dtype << to_string(shape);
    }
  }
}

TEST(LayerScaleTest, IsTheReferenceForEveryView) {
  std::mt19937_64 random(22);
  for (const DType dtype : kFloats) {
    for (int trial = 0; trial < 20; ++trial) {
      const Tensor x = random_view({3, 5, 1 + trial}, dtype, random);
      const Tensor gamma = random_view({1 + trial}, dtype, random);
      const std::vector<uint64_t> expected = reference(x, gamma);
      EXPECT_EQ(bits(layer_scale(x, gamma)), expected);
      const Tensor y = random_view(x.shape(), dtype, random);
      layer_scale_out(y, x, gamma);
      EXPECT_EQ(bits(y), expected);
      layer_scale_(x, gamma);
      EXPECT_EQ(bits(x), expected);
    }
  }
}

TEST(LayerScaleTest, UnalignedRowsTouchTheirOwnElementsAlone) {
  for (const DType dtype : kFloats) {
    const Tensor base = counting({7, 5}, {.dtype = dtype});
    const Tensor x = base.reshape({35}).narrow(0, 1, 30).reshape({6, 5});
    layer_scale_(x, counting({5}, {.dtype = dtype}, 2));
    const Values values = base.to_vector<int64_t>();
    EXPECT_EQ(values[0], 1);
    EXPECT_EQ(values[31], 32);
    for (int64_t i = 0; i < 30; ++i) {
      ASSERT_EQ(values[static_cast<size_t>(1 + i)], (2 + i) * (2 + i % 5)) << i << dtype;
    }
  }
}

TEST(LayerScaleTest, OutMayBeTheInputAndNotAPartOfIt) {
  const Tensor x = counting({2, 3});
  const Tensor gamma = from_values<float>({2, 3, 5});
  layer_scale_out(x, x, gamma);
  EXPECT_EQ(x.to_vector<int64_t>(), (Values{2, 6, 15, 8, 15, 30}));
  const Tensor base = counting({3, 3});
  expect_error(ErrorCode::kAlias, {"layer_scale_out:", "[2, 3] f32 on cpu", "overlaps"},
               [&] { layer_scale_out(base.narrow(0, 1, 2), base.narrow(0, 0, 2), gamma); });
  expect_error(ErrorCode::kAlias, {"layer_scale_:", "overlaps"},
               [&] { layer_scale_(base, base.select(0, 0)); });
  EXPECT_EQ(bits(base), bits(counting({3, 3})));
}

TEST(LayerScaleTest, OutIsMarkedWherePartsAreWritten) {
  const Tensor y = empty({3, 3});
  layer_scale_out(y.narrow(0, 1, 1), counting({1, 3}), from_values<float>({2, 3, 5}));
  EXPECT_EQ(y.state(), State::kPartial);
  EXPECT_EQ(y.select(0, 1).to_vector<int64_t>(), (Values{2, 6, 15}));
  EXPECT_FALSE(y.select(0, 0).is_initialized());
}

TEST(LayerScaleTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " on " + to_string(device);
    const TensorOptions options = {.device = device};
    const Tensor x = ones({2, 3}, options);
    const Tensor gamma = ones({3}, options);
    for (const Shape& shape : {Shape{2}, Shape{1, 3}, Shape{}, Shape{4}, Shape{1}}) {
      const Tensor bad = ones(shape, options);
      expect_error(ErrorCode::kShape,
                   {"layer_scale:", to_string(shape) + " f32" + on, "[2, 3] f32" + on},
                   [&] { layer_scale(x, bad); });
      expect_error(ErrorCode::kShape, {"layer_scale_:"}, [&] { layer_scale_(x, bad); });
      expect_error(ErrorCode::kShape, {"layer_scale_out:"}, [&] { layer_scale_out(x, x, bad); });
    }
    expect_error(ErrorCode::kShape, {"layer_scale:"},
                 [&] { layer_scale(ones({}, options), gamma); });
    expect_error(ErrorCode::kShape, {"layer_scale_out:", "[3, 2] f32" + on, "[2, 3] f32" + on},
                 [&] {
                   layer_scale_out(ones({3, 2}, options), x, gamma);
                 });
    expect_error(ErrorCode::kAlias, {"layer_scale_:", "repeats"}, [&] {
      layer_scale_(gamma.expand({2, 3}), ones({3}, options));
    });
    const Tensor half = ones({3}, {.dtype = DType::kBF16, .device = device});
    expect_error(ErrorCode::kDType, {"layer_scale:", "[2, 3] f32" + on, "[3] bf16" + on},
                 [&] { layer_scale(x, half); });
    const Tensor integer = ones({3}, {.dtype = DType::kI64, .device = device});
    expect_error(ErrorCode::kDType, {"layer_scale:", "does not take i64", "f32, f16, bf16"},
                 [&] { layer_scale(integer, integer); });
    const Tensor other = ones({3}, {.device = device.is_meta() ? Device::cpu() : Device::meta()});
    expect_error(ErrorCode::kDevice, {"layer_scale:", "f32 on cpu", "f32 on meta"},
                 [&] { layer_scale(x, other); });
  }
}

TEST(LayerScaleTest, WantsValues) {
  const Tensor x = counting({2, 3});
  const Tensor gamma = empty({3});
  expect_error(ErrorCode::kUninitialized, {"layer_scale:", "[3] f32 on cpu (allocated)"},
               [&] { layer_scale(x, gamma); });
  expect_error(ErrorCode::kUninitialized, {"layer_scale_:"}, [&] { layer_scale_(x, gamma); });
  expect_error(ErrorCode::kUninitialized, {"layer_scale_:", "[2, 3] f32 on cpu (allocated)"}, [] {
    layer_scale_(empty({2, 3}), ones({3}));
  });
  EXPECT_EQ(bits(x), bits(counting({2, 3})));
}

}  // namespace
}  // namespace hollow
