#include "tensor/ops/layer_scale_backward.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/reduce.h"
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
using Index = std::vector<int64_t>;
using Values = std::vector<double>;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};

// The definition in f64. grad_x is rounded twice, in f32 and to the dtype; sums err by what f32
// makes of many terms.
void expect_grads(const LayerScaleGrads& grads, const Tensor& grad_y, const Tensor& x,
                  const Tensor& gamma, double alpha) {
  const Values dy = doubles(grad_y), v = doubles(x), g = doubles(gamma);
  const Values dx = doubles(grads.x), dgamma = doubles(grads.gamma);
  const double digit = testing::half_digit(x.dtype()),
               tiny = x.dtype() == DType::kF16 ? 0x1p-25 : 1e-37;
  const double f32 = x.dtype() == DType::kF64 ? 0x1p-45 : 0x1p-21;
  Values sum(g.size()), magnitude(g.size());
  ASSERT_EQ(dx.size(), v.size());
  for (size_t i = 0; i < v.size(); ++i) {
    const size_t c = i % g.size();
    const double exact = alpha * g[c] * dy[i];
    ASSERT_NEAR(dx[i], exact, std::abs(exact) * (digit + f32) + tiny) << x.dtype();
    sum[c] += dy[i] * v[i];
    magnitude[c] += std::abs(dy[i] * v[i]);
  }
  for (size_t c = 0; c < g.size(); ++c) {
    const double exact = alpha * sum[c];
    ASSERT_NEAR(dgamma[c], exact,
                std::abs(exact) * digit + std::abs(alpha) * magnitude[c] * f32 + tiny)
        << x.dtype() << to_string(x.shape());
  }
}

TEST(LayerScaleBackwardTest, IsItsDefinitionForEveryShape) {
  std::mt19937_64 random(51);
  for (const DType dtype : kFloats) {
    for (const auto& [shape, channels] : testing::scaled_shapes()) {
      for (const double alpha : {1.0, -0.3}) {
        const Tensor grad_y = random_tensor(shape, dtype, random);
        const Tensor x = random_tensor(shape, dtype, random);
        const Tensor gamma = random_tensor(channels, dtype, random);
        const LayerScaleGrads grads = layer_scale_backward(grad_y, x, gamma, alpha);
        EXPECT_EQ(grads.x.shape(), shape);
        EXPECT_EQ(grads.gamma.shape(), channels);
        expect_grads(grads, grad_y, x, gamma, alpha);
      }
    }
  }
}

TEST(LayerScaleBackwardTest, SumsWhatCanBeSummedExactly) {
  const Tensor gamma = from_values<float>({2, 3, 5});
  const auto [grad_x, grad_gamma] =
      layer_scale_backward(counting({2, 3}, {}, 10), counting({2, 3}), gamma, 0.5);
  EXPECT_EQ(grad_x.to_vector<float>(), (std::vector<float>{10, 16.5, 30, 13, 21, 37.5}));
  EXPECT_EQ(grad_gamma.to_vector<float>(),
            (std::vector<float>{(10 + 13 * 4) / 2.0f, (22 + 14 * 5) / 2.0f, (36 + 15 * 6) / 2.0f}));
}

TEST(LayerScaleBackwardTest, StridesChangeNoBit) {
  std::mt19937_64 random(52);
  for (const DType dtype : kFloats) {
    for (int64_t dim = 1; dim < 40; dim += 3) {
      const Shape shape = {3, 5, dim};
      const Tensor grad_y = random_view(shape, dtype, random),
                   x = random_view(shape, dtype, random);
      const Tensor gamma = random_view({dim}, dtype, random);
      const LayerScaleGrads grads = layer_scale_backward(grad_y, x, gamma, 0.7);
      expect_grads(grads, grad_y, x, gamma, 0.7);
      const Tensor grad_x = random_view(shape, dtype, random);
      const Tensor grad_gamma = random_view({dim}, dtype, random);
      layer_scale_backward_out(grad_x, grad_gamma, grad_y, x, gamma, 0.7);
      EXPECT_EQ(bits(grad_x), bits(grads.x));
      EXPECT_EQ(bits(grad_gamma), bits(grads.gamma));
    }
  }
  // What a sum hands back: one value, repeated.
  const Tensor x = counting({4, 3}), gamma = ones({3});
  const auto [grad_x, grad_gamma] = layer_scale_backward(ones({}).expand({4, 3}), x, gamma);
  EXPECT_EQ(bits(grad_x), bits(ones({4, 3})));
  EXPECT_EQ(grad_gamma.to_vector<int64_t>(), (Index{22, 26, 30}));
}

// What a gradient check of any framework does: half the difference of two losses that are a step
// apart, of the forward op itself.
TEST(LayerScaleBackwardTest, IsTheSlopeOfTheForward) {
  std::mt19937_64 random(53);
  const Tensor grad_y = random_tensor({4, 5}, DType::kF64, random);
  const Tensor residual = random_tensor({4, 5}, DType::kF64, random);
  const Tensor x = random_tensor({4, 5}, DType::kF64, random);
  const Tensor gamma = random_tensor({5}, DType::kF64, random);
  const auto loss = [&] {
    return sum(mul(grad_y, layer_scale_add(residual, x, gamma, 0.6))).item<double>();
  };
  const auto slope = [&](const Tensor& element) {
    const double before = element.item<double>();
    fill_(element, before + 0.5);
    const double above = loss();
    fill_(element, before - 0.5);
    const double below = loss();
    fill_(element, before);
    return above - below;
  };
  const auto [grad_x, grad_gamma] = layer_scale_backward(grad_y, x, gamma, 0.6);
  for (int64_t c = 0; c < 5; ++c) {
    EXPECT_NEAR(grad_gamma.select(0, c).item<double>(), slope(gamma.select(0, c)), 1e-12);
    for (int64_t r = 0; r < 4; ++r) {
      EXPECT_NEAR(grad_x.select(0, r).select(0, c).item<double>(),
                  slope(x.select(0, r).select(0, c)), 1e-12);
    }
  }
}

TEST(LayerScaleBackwardTest, GradXMayBeGradYOrX) {
  std::mt19937_64 random(54);
  const Tensor gamma = random_tensor({33}, DType::kF32, random);
  for (const bool is_x : {false, true}) {
    const Tensor grad_y = random_tensor({7, 33}, DType::kF32, random);
    const Tensor x = random_tensor({7, 33}, DType::kF32, random);
    const LayerScaleGrads expected = layer_scale_backward(grad_y, x, gamma);
    const Tensor& grad_x = is_x ? x : grad_y;
    const Tensor grad_gamma = empty({33});
    layer_scale_backward_out(grad_x, grad_gamma, grad_y, x, gamma);
    EXPECT_EQ(bits(grad_x), bits(expected.x));
    EXPECT_EQ(bits(grad_gamma), bits(expected.gamma));
  }
}

TEST(LayerScaleBackwardTest, OfSamplesAtAnIndex) {
  std::mt19937_64 random(55);
  const Index kIndices[] = {{}, {2}, {4, 0, 3}, {4, 3, 2, 1, 0}};
  for (const DType dtype : kFloats) {
    for (const bool strided : {false, true}) {
      const auto make = [&](const Shape& shape) {
        return strided ? random_view(shape, dtype, random) : random_tensor(shape, dtype, random);
      };
      for (const Index& index : kIndices) {
        const auto count = static_cast<int64_t>(index.size());
        const Tensor grad_y = make({5, 6, 33}), gamma = make({33});
        const Tensor x = make({count, 6, 33}), all = make({5, 6, 33});
        const Tensor dy = empty({count, 6, 33}, {.dtype = dtype}), kept = empty_like(dy);
        for (int64_t i = 0; i < count; ++i) {
          dy.select(0, i).copy_(grad_y.select(0, index[static_cast<size_t>(i)]));
          kept.select(0, i).copy_(all.select(0, index[static_cast<size_t>(i)]));
        }
        expect_grads(layer_scale_index_add_backward(grad_y, index, x, gamma, 0.9), dy, x, gamma,
                     0.9);
        const LayerScaleGrads grads =
            layer_scale_drop_path_add_backward(grad_y, index, all, gamma, 0.9);
        const Tensor dx = zeros_like(all);
        const LayerScaleGrads of_kept = layer_scale_backward(dy, kept, gamma, 0.9);
        for (int64_t i = 0; i < count; ++i) {
          dx.select(0, index[static_cast<size_t>(i)]).copy_(of_kept.x.select(0, i));
        }
        EXPECT_EQ(bits(grads.x), bits(dx));
        expect_grads({of_kept.x, grads.gamma}, dy, kept, gamma, 0.9);
      }
    }
  }
}

TEST(LayerScaleBackwardTest, OnMetaDroppedSamplesCostNothing) {
  const DeviceScope meta(Device::meta());
  const Tensor x = empty({int64_t{1} << 46, 1, 4});
  const LayerScaleGrads grads = layer_scale_drop_path_add_backward(x, {1, 5}, x, empty({4}));
  EXPECT_EQ(grads.x.shape(), x.shape());
}

TEST(LayerScaleBackwardTest, WhatFindsNoMemoryForACopyNamesTheOp) {
  const Tensor x = counting({1000, 8}).transpose(0, 1), gamma = ones({1000});
  const Tensor grad_x = ones({8, 1000}), grad_gamma = ones({1000});
  set_memory_limit(Device::cpu(), memory_stats(Device::cpu()).bytes + 100);
  expect_error(ErrorCode::kOutOfMemory, {"layer_scale_backward_out:", "[8, 1000] f32 on cpu"},
               [&] { layer_scale_backward_out(grad_x, grad_gamma, x, x, gamma); });
  set_memory_limit(Device::cpu(), std::nullopt);
  EXPECT_EQ(bits(grad_x), bits(ones({8, 1000})));
}

TEST(LayerScaleBackwardTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " f32 on " + to_string(device);
    const TensorOptions options = {.device = device};
    const Tensor x = ones({2, 3}, options), gamma = ones({3}, options), row = ones({3}, options);
    const std::string op = "layer_scale_backward:", out = "layer_scale_backward_out:";
    expect_error(ErrorCode::kShape, {op, "grad_y", "[3]" + on, "[2, 3]" + on},
                 [&] { layer_scale_backward(row, x, gamma); });
    expect_error(ErrorCode::kShape, {op, "gamma must be [dim]"},
                 [&] { layer_scale_backward(x, x, ones({2}, options)); });
    expect_error(ErrorCode::kShape, {out, "grad_x", "[3]" + on},
                 [&] { layer_scale_backward_out(row, gamma, x, x, gamma); });
    expect_error(ErrorCode::kShape, {out, "grad_gamma", "[2, 3]" + on, "shape of gamma"},
                 [&] { layer_scale_backward_out(x, x, x, x, gamma); });
    expect_error(ErrorCode::kAlias, {out, "two outputs share elements"},
                 [&] { layer_scale_backward_out(row, row, ones({3}, options), gamma, gamma); });
    expect_error(ErrorCode::kValue, {op, "alpha must be finite"}, [&] {
      layer_scale_backward(x, x, gamma, std::numeric_limits<double>::quiet_NaN());
    });
    const Tensor half = ones({2, 3}, {.dtype = DType::kBF16, .device = device});
    expect_error(ErrorCode::kDType, {op, "bf16 on", "f32 on"},
                 [&] { layer_scale_backward(half, x, gamma); });
    const Tensor away = ones({2, 3}, {.device = device.is_meta() ? Device::cpu() : Device::meta()});
    expect_error(ErrorCode::kDevice, {op, "f32 on cpu", "f32 on meta"},
                 [&] { layer_scale_backward(away, x, gamma); });
    expect_error(ErrorCode::kAlias, {"layer_scale_index_add_backward:", "sample 1", "twice"}, [&] {
      layer_scale_index_add_backward(x, {1, 1}, x, gamma);
    });
    expect_error(ErrorCode::kShape, {"layer_scale_drop_path_add_backward:", "sample 2"},
                 [&] { layer_scale_drop_path_add_backward(x, {2}, x, gamma); });
    EXPECT_EQ(layer_scale_backward(x, x, gamma).gamma.is_meta(), device.is_meta());
  }
}

TEST(LayerScaleBackwardTest, WantsValuesAndChangesNothingWithoutThem) {
  const Tensor x = counting({2, 3}), gamma = ones({3}), before = x.clone();
  for (const Tensor& unwritten : {empty({2, 3}), empty({3, 2}).transpose(0, 1)}) {
    expect_error(ErrorCode::kUninitialized, {"layer_scale_backward:", "[2, 3] f32 on cpu"},
                 [&] { layer_scale_backward(unwritten, x, gamma); });
    expect_error(ErrorCode::kUninitialized, {"layer_scale_backward_out:"},
                 [&] { layer_scale_backward_out(x, empty({3}), unwritten, x, gamma); });
    expect_error(ErrorCode::kUninitialized, {"layer_scale_index_add_backward:"}, [&] {
      layer_scale_index_add_backward(x, {0, 1}, unwritten, gamma);
    });
  }
  EXPECT_EQ(bits(x), bits(before));
}

// Whatever is copied on the way.
TEST(LayerScaleBackwardTest, PartialOverlapIsAnErrorInAnyLayout) {
  const Tensor square = counting({2, 2}), other = counting({2, 2}), gamma = ones({2});
  const auto refused = [&](const Tensor& grad_x, const Tensor& grad_y, const Tensor& x) {
    const auto before = bits(square);
    expect_error(ErrorCode::kAlias, {"layer_scale_backward_out:", "overlaps the input"},
                 [&] { layer_scale_backward_out(grad_x, empty({2}), grad_y, x, gamma); });
    EXPECT_EQ(bits(square), before);
  };
  refused(square, other, square.transpose(0, 1));
  refused(square, square.transpose(0, 1), other);
  refused(square.transpose(0, 1), other, square);
}

TEST(LayerScaleBackwardTest, BothResultsAreWritten) {
  const Tensor x = counting({2, 3}), gamma = ones({3});
  const Tensor grad_x = empty({2, 3}), grad_gamma = empty({3});
  layer_scale_backward_out(grad_x, grad_gamma, x, x, gamma);
  EXPECT_EQ(grad_x.state(), State::kInitialized);
  EXPECT_EQ(grad_gamma.state(), State::kInitialized);
  // No rows: no gradient, and not nothing.
  EXPECT_EQ(bits(layer_scale_backward(empty({0, 3}), empty({0, 3}), gamma).gamma),
            bits(zeros({3})));
}

}  // namespace
}  // namespace hollow
