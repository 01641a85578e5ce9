// The three published versions of one class, and what each becomes here. See docs/semantics.md.

#include <memory>

#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/module.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/layer_scale.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

template <typename M>
std::unique_ptr<M> deferred() {
  std::unique_ptr<M> module;
  {
    DeviceScope scope(Device::meta());
    module = std::make_unique<M>();
  }
  module->to_empty(Device::cpu());
  return module;
}

// DINOv2 before #476: gamma is computed in the constructor, and no one can compute it again.
struct Before476 : nn::Module {
  Tensor& gamma = add_parameter("gamma", {3}, nullptr);

  Before476() { gamma.copy_(mul(ones({3}), 1e-5f)); }
  Tensor forward(const Tensor& x) override { return layer_scale(x, gamma); }
};

TEST(PublishedLayerScalesTest, Before476TheSilentZeroIsAnErrorThatNamesGamma) {
  Before476 eager;
  EXPECT_EQ(eager.gamma.to_vector<float>(), std::vector<float>(3, 1e-5f));
  const auto module = deferred<Before476>();
  expect_error(ErrorCode::kUninitialized, {"layer_scale", "\"gamma\" [3] f32 on cpu (allocated)"},
               [&] {
                 (*module)(counting({2, 3}));
               });
  expect_error(ErrorCode::kWriter, {"Before476", "\"gamma\"", "no writer"},
               [&] { module->reset_parameters(); });
}

// #476: empty, then reset_parameters(), which fills with a scalar. Right for a scalar, and a
// per-channel tensor, which the signature allows, has no way in. Ours takes both.
TEST(PublishedLayerScalesTest, After476AVectorWorksToo) {
  const nn::LayerScale scalar(3, {.init_values = 1e-5f});
  EXPECT_EQ(scalar.gamma().to_vector<float>(), std::vector<float>(3, 1e-5f));
  const nn::LayerScale vector(3, {.init_values = counting({3})});
  EXPECT_EQ(bits(vector.gamma()), bits(counting({3})));
}

// DINOv3's: empty, and nobody calls reset_parameters(). Right after meta, garbage when built
// eagerly.
struct DinoV3 : nn::Module {
  Tensor& gamma = add_parameter("gamma", {3}, nullptr);

  Tensor forward(const Tensor& x) override { return layer_scale(x, gamma); }
};

TEST(PublishedLayerScalesTest, DinoV3TheSilentGarbageIsAnErrorThatNamesGamma) {
  DinoV3 eager;
  expect_error(ErrorCode::kUninitialized, {"layer_scale", "\"gamma\" [3] f32 on cpu (allocated)"},
               [&] {
                 eager(counting({2, 3}));
               });
  // With a writer the slot is right both ways.
  eager.set_writer("gamma", nn::init::constant(0.5));
  EXPECT_EQ(eager(counting({1, 3})).to_vector<float>(), (std::vector<float>{0.5, 1, 1.5}));
}

}  // namespace
}  // namespace hollow
