// LayerScale of tensors that lie in runs: with gaps between them, as slices have. What is computed
// is what it is for contiguous tensors, bit for bit, and what lies in the gaps stays.

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/random.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::random_tensor;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16};

struct Slice {
  std::string name;
  Shape base;
  std::function<Tensor(const Tensor&)> of;
};

// All of one shape [5, 130, dim]: two threads have parts of them, and begin within a run.
std::vector<Slice> slices(int64_t dim) {
  return {
      {"whole", {5, 130, dim}, [](const Tensor& t) { return t; }},
      {"tokens", {5, 131, dim}, [](const Tensor& t) { return t.narrow(1, 1, 130); }},
      {"columns", {5, 130, 2 * dim + 3}, [=](const Tensor& t) { return t.narrow(2, 3, dim); }},
      {"both",
       {7, 133, dim + 5},
       [=](const Tensor& t) { return t.narrow(2, 5, dim).narrow(1, 2, 130).narrow(0, 1, 5); }},
      {"samples last", {130, 5, dim}, [](const Tensor& t) { return t.transpose(0, 1); }},
  };
}

Tensor repeated(const Tensor& base) { return base.narrow(0, 0, 1).expand({5, 130, base.size(2)}); }

TEST(LayerScaleRunsTest, AreScaledAsWholesAre) {
  std::mt19937_64 random(61);
  for (const DType dtype : kFloats) {
    for (const int64_t dim : {96, 33, 7, 1}) {
      const Tensor gamma = random_tensor({dim}, dtype, random);
      for (const Slice& from : slices(dim)) {
        const Tensor x = from.of(random_tensor(from.base, dtype, random));
        const std::vector<uint64_t> expected = bits(layer_scale(x.contiguous(), gamma));
        ASSERT_TRUE(bits(layer_scale(x, gamma)) == expected) << dtype << dim << from.name;
        for (const Slice& to : slices(dim)) {
          const Tensor base = random_tensor(to.base, dtype, random);
          const Tensor wanted = base.clone();
          to.of(wanted).copy_(layer_scale(x.contiguous(), gamma));
          layer_scale_out(to.of(base), x, gamma);
          ASSERT_TRUE(bits(base) == bits(wanted)) << dtype << dim << from.name << to.name;
        }
        layer_scale_(x, gamma);
        ASSERT_TRUE(bits(x) == expected) << dtype << dim << from.name;
      }
    }
  }
}

TEST(LayerScaleRunsTest, AreAddedAsWholesAre) {
  std::mt19937_64 random(62);
  for (const DType dtype : kFloats) {
    for (const int64_t dim : {64, 35, 3}) {
      const Tensor gamma = random_tensor({dim}, dtype, random);
      for (const Slice& from : slices(dim)) {
        const Tensor x = from.of(random_tensor(from.base, dtype, random));
        for (const Slice& to : slices(dim)) {
          const Tensor base = random_tensor(to.base, dtype, random);
          const Tensor residual = to.of(base).clone();
          const Tensor expected =
              layer_scale_add(residual.contiguous(), x.contiguous(), gamma, -0.3);
          const Tensor wanted = base.clone();
          to.of(wanted).copy_(expected);
          EXPECT_EQ(bits(layer_scale_add(to.of(base), x, gamma, -0.3)), bits(expected));
          layer_scale_add_(to.of(base), x, gamma, -0.3);
          ASSERT_TRUE(bits(base) == bits(wanted)) << dtype << dim << from.name << to.name;
        }
        const Tensor row = repeated(x);
        ASSERT_TRUE(bits(layer_scale_add(row, x, gamma, 2.0)) ==
                    bits(layer_scale_add(row.contiguous(), x.contiguous(), gamma, 2.0)))
            << dtype << dim << from.name;
      }
    }
  }
}

TEST(LayerScaleRunsTest, HaveTheGradientsOfWholes) {
  std::mt19937_64 random(66);
  for (const DType dtype : kFloats) {
    for (const int64_t dim : {96, 33, 7}) {
      const Tensor gamma = random_tensor({dim}, dtype, random);
      for (const Slice& of_y : slices(dim)) {
        const Tensor grad_y = of_y.of(random_tensor(of_y.base, dtype, random));
        for (const Slice& of_x : slices(dim)) {
          const std::string where = std::to_string(dim) + ", " + of_y.name + ", " + of_x.name;
          const Tensor x = of_x.of(random_tensor(of_x.base, dtype, random));
          const LayerScaleGrads expected =
              layer_scale_backward(grad_y.contiguous(), x.contiguous(), gamma, 0.7);
          const LayerScaleGrads grads = layer_scale_backward(grad_y, x, gamma, 0.7);
          ASSERT_TRUE(bits(grads.x) == bits(expected.x)) << dtype << where;
          ASSERT_TRUE(bits(grads.gamma) == bits(expected.gamma)) << dtype << where;
          for (const bool is_x : {false, true}) {  // or grad_y's base
            const Slice& to = is_x ? of_x : of_y;
            const Tensor base = random_tensor(to.base, dtype, random);
            to.of(base).copy_(is_x ? x : grad_y);
            const Tensor wanted = base.clone(), grad_x = to.of(base);
            to.of(wanted).copy_(expected.x);
            const Tensor grad_gamma = full({dim}, -77, {.dtype = dtype});
            layer_scale_backward_out(grad_x, grad_gamma, is_x ? grad_y : grad_x, is_x ? grad_x : x,
                                     gamma, 0.7);
            ASSERT_TRUE(bits(base) == bits(wanted)) << dtype << where << is_x;
            ASSERT_TRUE(bits(grad_gamma) == bits(expected.gamma)) << dtype << where << is_x;
          }
        }
        const Tensor row = repeated(grad_y);
        ASSERT_TRUE(bits(layer_scale_backward(row, grad_y, gamma).gamma) ==
                    bits(layer_scale_backward(row.contiguous(), grad_y.contiguous(), gamma).gamma));
      }
    }
  }
}

// Into memory in which nothing is right before.
std::vector<uint64_t> scaled(const Tensor& x, const Tensor& gamma) {
  const Tensor y = full(x.shape(), -77, {.dtype = x.dtype()});
  layer_scale_out(y, x, gamma);
  return bits(y);
}

std::vector<uint64_t> added(const Tensor& residual, const Tensor& x, const Tensor& gamma) {
  const Tensor y = full(x.shape(), -77, {.dtype = x.dtype()});
  layer_scale_add_out(y, residual, x, gamma, 0.7);
  return bits(y);
}

TEST(LayerScaleRunsTest, MayHaveMoreChannelsThanATableOfFactors) {
  std::mt19937_64 random(63);
  constexpr int64_t kDim = (1 << 14) + 35;
  for (const DType dtype : kFloats) {
    const Tensor gamma = random_tensor({kDim}, dtype, random);
    const Tensor x = random_tensor({2, 4, kDim}, dtype, random).narrow(1, 1, 3);
    const Tensor whole = x.contiguous();
    EXPECT_TRUE(scaled(x, gamma) == scaled(whole, gamma)) << dtype;
    EXPECT_TRUE(added(x, x, gamma) == added(whole, whole, gamma)) << dtype;
  }
}

// So much that the output goes around the caches.
TEST(LayerScaleRunsTest, MayBeLarge) {
  std::mt19937_64 random(64);
  const Tensor gamma = random_tensor({1023}, DType::kBF16, random);
  const Tensor base = empty({3, 5001, 1023}, {.dtype = DType::kBF16});
  uniform_(base, -2, 2, RngKey(65));
  const Tensor x = base.narrow(1, 1, 5000);
  const Tensor y = full(x.shape(), -77, {.dtype = DType::kBF16});
  layer_scale_out(y, x, gamma);
  EXPECT_TRUE(same_bits(y, layer_scale(x.contiguous(), gamma)));
}

TEST(LayerScaleRunsTest, OnMetaTheResultIsContiguousToo) {
  const Tensor base = empty({5, 131, 8}, {.device = Device::meta()});
  const Tensor y = layer_scale(base.narrow(1, 1, 130), empty({8}, {.device = Device::meta()}));
  EXPECT_EQ(y.shape(), (Shape{5, 130, 8}));
  EXPECT_TRUE(y.is_contiguous());
}

}  // namespace
}  // namespace hollow
