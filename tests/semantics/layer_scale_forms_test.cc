// Case 40: every form of LayerScale and its gradients against the formula in f64, on the shapes of
// DINOv2 and DINOv3 and on such as fit nothing, with outputs that were poisoned before.

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"
#include "nn/layer_scale.h"
#include "nn/stochastic_depth.h"
#include "tensor/factory.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/layer_scale_index_add.h"
#include "tensor/ops/random.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::doubles;
using testing::expect_error;
using Values = std::vector<double>;

constexpr double kAlpha = 0.3;  // no bf16 is that: who rounds it to the dtype is found out

// A tensor that nothing lies beside, or one that begins at the second element of its storage.
Tensor random(const Shape& shape, DType dtype, bool unaligned, const char* name) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  const Tensor flat = randn({numel + 1}, RngKey(40) / name, {.dtype = dtype});
  return flat.narrow(0, unaligned ? 1 : 0, numel).reshape(shape);
}

Tensor poisoned(const Tensor& like) {
  return full(like.shape(), std::numeric_limits<double>::quiet_NaN(), {.dtype = like.dtype()});
}

// `terms` are what a value is made of, and are rounded in f32 on the way, or in f64.
void expect_near(const Tensor& actual, const Values& exact, const Values& terms) {
  const Values values = doubles(actual);
  const double digit = testing::half_digit(actual.dtype());
  const double tiny = actual.dtype() == DType::kF16 ? 0x1p-25 : 1e-37;
  const double on_the_way = actual.dtype() == DType::kF64 ? 0x1p-45 : 0x1p-21;
  ASSERT_EQ(values.size(), exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    ASSERT_NEAR(values[i], exact[i], std::abs(exact[i]) * digit + terms[i] * on_the_way + tiny)
        << actual.dtype() << to_string(actual.shape()) << " element " << i;
  }
}

struct Case {
  Case(const Shape& shape, DType dtype, bool unaligned)
      : x(random(shape, dtype, unaligned, "x")),
        residual(random(shape, dtype, unaligned, "residual")),
        gamma(random({shape.back()}, dtype, unaligned, "gamma")),
        dim(static_cast<size_t>(shape.back())) {}

  // beta * residual + alpha * gamma * x
  void expect_sum(const Tensor& actual, double beta, double alpha) const {
    const Values v = doubles(x), r = doubles(residual), g = doubles(gamma);
    Values exact(v.size()), terms(v.size());
    for (size_t i = 0; i < v.size(); ++i) {
      const double product = alpha * g[i % dim] * v[i];
      exact[i] = beta * r[i] + product;
      terms[i] = std::abs(beta * r[i]) + std::abs(product);
    }
    expect_near(actual, exact, terms);
  }

  void expect_gradients(const Tensor& grad_x, const Tensor& grad_gamma, const Tensor& grad_y,
                        double alpha) const {
    const Values v = doubles(x), dy = doubles(grad_y), g = doubles(gamma);
    Values exact(v.size()), terms(v.size()), sum(dim), sum_terms(dim);
    for (size_t i = 0; i < v.size(); ++i) {
      exact[i] = alpha * g[i % dim] * dy[i];
      terms[i] = std::abs(exact[i]);
      sum[i % dim] += alpha * dy[i] * v[i];
      sum_terms[i % dim] += std::abs(alpha * dy[i] * v[i]);
    }
    expect_near(grad_x, exact, terms);
    expect_near(grad_gamma, sum, sum_terms);
  }

  Tensor x, residual, gamma;
  size_t dim;
};

const Shape kShapes[] = {{2, 257, 1536}, {3, 50, 1536}, {1, 261, 4096}, {5, 33, 385}, {4, 6, 7},
                         {3, 33, 1},     {2, 0, 384},   {0, 7, 384},    {2, 3, 1031}, {6, 1, 31}};

template <typename Check>
void for_each_case(Check check) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
    for (const Shape& shape : kShapes) {
      for (const bool unaligned : {false, true}) check(Case(shape, dtype, unaligned));
    }
  }
}

TEST(LayerScaleFormsTest, Case40_ForwardIsItsFormula) {
  for_each_case([](const Case& t) {
    t.expect_sum(layer_scale(t.x, t.gamma), 0, 1);
    const Tensor y = poisoned(t.x), x = t.x.clone();
    layer_scale_out(y, t.x, t.gamma);
    t.expect_sum(y, 0, 1);
    layer_scale_(x, t.gamma);
    EXPECT_EQ(bits(x), bits(y));
  });
}

TEST(LayerScaleFormsTest, Case40_FusedIsItsFormula) {
  for_each_case([](const Case& t) {
    t.expect_sum(layer_scale_add(t.residual, t.x, t.gamma, kAlpha), 1, kAlpha);
    const Tensor y = poisoned(t.x), residual = t.residual.clone();
    layer_scale_add_out(y, t.residual, t.x, t.gamma, kAlpha);
    t.expect_sum(y, 1, kAlpha);
    layer_scale_add_(residual, t.x, t.gamma, kAlpha);
    EXPECT_EQ(bits(residual), bits(y));
  });
}

TEST(LayerScaleFormsTest, Case40_GradientsAreTheirFormulas) {
  for_each_case([](const Case& t) {
    const Tensor& grad_y = t.residual;
    for (const double alpha : {1.0, kAlpha}) {
      const Tensor grad_x = poisoned(t.x), grad_gamma = poisoned(t.gamma);
      layer_scale_backward_out(grad_x, grad_gamma, grad_y, t.x, t.gamma, alpha);
      t.expect_gradients(grad_x, grad_gamma, grad_y, alpha);
    }
  });
}

// Samples at the index are the fused form of those alone; what was dropped keeps its bits.
TEST(LayerScaleFormsTest, Case40_IndexedIsTheFusedFormOfItsSamples) {
  for_each_case([](const Case& t) {
    std::vector<int64_t> index;
    for (int64_t i = t.x.size(0) - 1; i >= 0; i -= 2) index.push_back(i);
    const Tensor fused = layer_scale_add(t.residual, t.x, t.gamma, kAlpha);
    const Tensor expected = t.residual.clone(), residual = t.residual.clone();
    Shape shape = t.x.shape();
    shape[0] = static_cast<int64_t>(index.size());
    const Tensor part = empty(shape, {.dtype = t.x.dtype()}), grads = empty_like(part);
    for (size_t i = 0; i < index.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      part.select(0, at).copy_(t.x.select(0, index[i]));
      grads.select(0, at).copy_(t.residual.select(0, index[i]));
      expected.select(0, index[i]).copy_(fused.select(0, index[i]));
    }
    layer_scale_index_add_(residual, index, part, t.gamma, kAlpha);
    EXPECT_EQ(bits(residual), bits(expected));
    residual.copy_(t.residual);
    layer_scale_drop_path_add_(residual, index, t.x, t.gamma, kAlpha);
    EXPECT_EQ(bits(residual), bits(expected));
    // Their gradients are those of the samples alone.
    const Tensor& grad_y = t.residual;
    Case kept = t;
    kept.x = part;
    const auto of_index = layer_scale_index_add_backward(grad_y, index, part, t.gamma, kAlpha);
    kept.expect_gradients(of_index.x, of_index.gamma, grads, kAlpha);
    const auto of_all = layer_scale_drop_path_add_backward(grad_y, index, t.x, t.gamma, kAlpha);
    EXPECT_EQ(bits(of_all.gamma), bits(of_index.gamma));
    const Tensor grad_x = zeros(t.x.shape(), {.dtype = t.x.dtype()});
    for (size_t i = 0; i < index.size(); ++i) {
      grad_x.select(0, index[i]).copy_(of_index.x.select(0, static_cast<int64_t>(i)));
    }
    EXPECT_EQ(bits(of_all.x), bits(grad_x));
  });
}

TEST(LayerScaleFormsTest, Case40_ExactAliasingIsFineAndPartialOverlapIsNot) {
  const Tensor gamma = from_values<float>({2, 3});
  const Tensor base = counting({3, 2});
  const Tensor head = base.narrow(0, 0, 2), tail = base.narrow(0, 1, 2), other = counting({2, 2});
  const auto before = bits(base);
  const auto refused = [&](absl::FunctionRef<void()> call) {
    expect_error(ErrorCode::kAlias, {}, call);
    EXPECT_EQ(bits(base), before);
  };
  refused([&] { layer_scale_out(head, tail, gamma); });
  refused([&] { layer_scale_add_out(head, other, tail, gamma); });
  refused([&] { layer_scale_add_(head, tail, gamma); });
  refused([&] { layer_scale_index_add_(head, {0}, tail.narrow(0, 0, 1), gamma); });
  refused([&] { layer_scale_drop_path_add_(head, {0}, tail, gamma); });
  refused([&] { layer_scale_backward_out(head, empty({2}), tail, other, gamma); });
  refused([&] { layer_scale_backward_out(empty({2, 2}), head.select(0, 1), tail, other, gamma); });
  // In f64, whose kernels walk gamma in another shape, as in f32.
  for (const DType dtype : {DType::kF32, DType::kF64}) {
    const Tensor row = counting({1, 2}, {.dtype = dtype});
    expect_error(ErrorCode::kAlias, {"overlaps the input"},
                 [&] { layer_scale_(row, row.select(0, 0)); });
    expect_error(ErrorCode::kAlias, {"overlaps the input"},
                 [&] { layer_scale_add_(row, row.clone(), row.select(0, 0)); });
  }
  // x[i] += gamma * x[i]
  layer_scale_drop_path_add_(other, {1}, other, gamma);
  EXPECT_EQ(other.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3 + 6, 4 + 12}));
}

TEST(LayerScaleFormsTest, Case40_TheModuleHasAllForms) {
  nn::LayerScale ls(2, {.init_values = from_values<float>({2, 3})});
  const Tensor x = counting({4, 1, 2}), grad_y = counting({4, 1, 2}, {}, 50);
  const nn::KeptSamples kept = nn::sample_subset(4, 0.5, RngKey(1) / "drop_path");
  ASSERT_EQ(kept.index.size(), 2u);
  const Tensor residual = counting({4, 1, 2}, {}, 10), expected = residual.clone();
  const Tensor branch = counting({2, 1, 2}, {}, 3);
  layer_scale_index_add_(expected, kept.index, branch, ls.gamma(), kept.scale);
  EXPECT_TRUE(ls.forward_index_add(residual, kept.index, branch, kept.scale).is_same(residual));
  EXPECT_EQ(bits(residual), bits(expected));
  layer_scale_drop_path_add_(expected, kept.index, x, ls.gamma(), kept.scale);
  EXPECT_TRUE(ls.forward_drop_path_add(residual, kept.index, x, kept.scale).is_same(residual));
  EXPECT_EQ(bits(residual), bits(expected));

  const auto expect_same = [](const LayerScaleGrads& a, const LayerScaleGrads& b) {
    EXPECT_EQ(bits(a.x), bits(b.x));
    EXPECT_EQ(bits(a.gamma), bits(b.gamma));
  };
  expect_same(ls.backward(grad_y, x, 2), layer_scale_backward(grad_y, x, ls.gamma(), 2));
  expect_same(ls.index_add_backward(grad_y, kept.index, branch, 2),
              layer_scale_index_add_backward(grad_y, kept.index, branch, ls.gamma(), 2));
  expect_same(ls.drop_path_add_backward(grad_y, kept.index, x, 2),
              layer_scale_drop_path_add_backward(grad_y, kept.index, x, ls.gamma(), 2));
}

// A model on meta runs through all of them, and allocates nothing.
TEST(LayerScaleFormsTest, Case40_AllFormsRunOnMeta) {
  DeviceScope scope(Device::meta());
  nn::LayerScale ls(3);
  const Tensor x = empty({4, 5, 3}), part = empty({2, 5, 3});
  EXPECT_TRUE(ls.forward_index_add(x, {3, 1}, part).is_meta());
  EXPECT_TRUE(ls.forward_drop_path_add(x, {3, 1}, x).is_meta());
  for (const LayerScaleGrads& grads : {ls.backward(x, x), ls.index_add_backward(x, {3, 1}, part),
                                       ls.drop_path_add_backward(x, {3, 1}, x)}) {
    EXPECT_TRUE(grads.x.is_meta());
    EXPECT_EQ(grads.gamma.shape(), Shape{3});
    EXPECT_TRUE(grads.gamma.is_meta());
  }
}

TEST(LayerScaleFormsTest, Case40_EveryFormWantsGamma) {
  nn::LayerScale ls(3, {.device = Device::meta()});
  ls.to_empty(Device::cpu());
  const Tensor x = counting({2, 4, 3}), before = x.clone();
  const auto refused = [&](const char* op, absl::FunctionRef<void()> call) {
    expect_error(ErrorCode::kUninitialized, {op, "\"gamma\" [3] f32"}, call);
    EXPECT_EQ(bits(x), bits(before));
  };
  refused("layer_scale:", [&] { ls(x); });
  refused("layer_scale_add:", [&] { ls.forward_add(x, x); });
  refused("layer_scale_index_add_:", [&] { ls.forward_index_add(x, {0, 1}, counting({2, 4, 3})); });
  refused("layer_scale_drop_path_add_:", [&] { ls.forward_drop_path_add(x, {0}, x); });
  refused("layer_scale_backward:", [&] { ls.backward(x, x); });
  refused("layer_scale_index_add_backward:", [&] { ls.index_add_backward(x, {0, 1}, x); });
  refused("layer_scale_drop_path_add_backward:", [&] { ls.drop_path_add_backward(x, {0}, x); });
}

}  // namespace
}  // namespace hollow
