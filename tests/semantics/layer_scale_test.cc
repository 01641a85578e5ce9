// Case 39 of docs/semantics.md: gamma, by every way to it.

#include "nn/layer_scale.h"

#include <memory>
#include <variant>

#include "nn/containers.h"
#include "nn/identity.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "tensor/ops/reduce.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

std::unique_ptr<nn::LayerScale> deferred(int64_t dim, const nn::LayerScaleOptions& options) {
  std::unique_ptr<nn::LayerScale> ls;
  {
    DeviceScope scope(Device::meta());
    ls = std::make_unique<nn::LayerScale>(dim, options);
  }
  EXPECT_TRUE(ls->gamma().is_meta());
  ls->to_empty(Device::cpu());
  ls->reset_parameters();
  return ls;
}

TEST(LayerScaleTest, Case39_AScalarInEveryDType) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
    const nn::LayerScaleOptions options = {.init_values = 1e-5f, .dtype = dtype};
    const Tensor expected = full({64}, 1e-5f, {.dtype = dtype});
    EXPECT_EQ(bits(nn::LayerScale(64, options).gamma()), bits(expected));
    EXPECT_EQ(bits(deferred(64, options)->gamma()), bits(expected));
  }
}

TEST(LayerScaleTest, Case39_AVectorWithOneValueAChannel) {
  const nn::LayerScaleOptions options = {.init_values = counting({5})};
  EXPECT_EQ(bits(nn::LayerScale(5, options).gamma()), bits(counting({5})));
  EXPECT_EQ(bits(deferred(5, options)->gamma()), bits(counting({5})));
}

TEST(LayerScaleTest, Case39_TheVectorIsCopiedWhenItIsGiven) {
  const Tensor values = counting({5});
  nn::LayerScale ls(5, {.init_values = values});
  values.copy_(zeros({5}));
  ls.reset_parameters();
  EXPECT_EQ(bits(ls.gamma()), bits(counting({5})));
}

TEST(LayerScaleTest, Case39_AVectorWithoutValuesIsRefusedWhereItIsGiven) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    DeviceScope scope(device);
    expect_error(ErrorCode::kMeta, {"init::constant", "[5] f32 on meta"}, [] {
      nn::LayerScale(5, {.init_values = empty({5}, {.device = Device::meta()})});
    });
    expect_error(ErrorCode::kUninitialized, {"init::constant", "[5] f32 on cpu"},
                 [] { nn::LayerScale(5, {.init_values = empty({5}, {.device = Device::cpu()})}); });
    expect_error(ErrorCode::kShape, {"init::constant", "[4]", "\"gamma\" [5]"}, [] {
      nn::LayerScale(5, {.init_values = counting({4}, {.device = Device::cpu()})});
    });
  }
}

TEST(LayerScaleTest, Case39_ACastConvertsGamma) {
  nn::LayerScale ls(5, {.init_values = counting({5})});
  ls.to(DType::kBF16);
  EXPECT_EQ(bits(ls.gamma()), bits(counting({5}, {.dtype = DType::kBF16})));
  // A cast before there are values: the writer rounds.
  DeviceScope scope(Device::meta());
  nn::LayerScale described(5, {.init_values = 0.3});
  described.to(DType::kF16);
  described.to_empty(Device::cpu());
  described.reset_parameters();
  EXPECT_EQ(bits(described.gamma()),
            bits(full({5}, 0.3, {.dtype = DType::kF16, .device = Device::cpu()})));
}

// One value for all, and one a channel that tells the channels apart.
TEST(LayerScaleTest, Case39_AShardOfGamma) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
    for (const nn::LayerScaleOptions& options :
         {nn::LayerScaleOptions{.init_values = 0.3, .dtype = dtype},
          nn::LayerScaleOptions{.init_values = counting({13}), .dtype = dtype}}) {
      const Writer of_whole = std::visit(
          [](const auto& values) { return nn::init::constant(values); }, options.init_values);
      const nn::LayerScale eager(13, options);
      std::unique_ptr<nn::LayerScale> described;
      {
        DeviceScope scope(Device::meta());
        described = std::make_unique<nn::LayerScale>(13, options);
      }
      for (const Shard& shard : testing::shards_of({13})) {
        const auto expected = bits(testing::box(eager.gamma(), shard));
        EXPECT_EQ(bits(nn::materialize_shard(described->gamma(), shard, Device::cpu())), expected)
            << shard;
        // A layer for these channels alone.
        nn::LayerScale part(shard.shape[0], {.dtype = dtype});
        part.set_writer("gamma", nn::init::sharded(shard, of_whole));
        EXPECT_EQ(bits(part.gamma()), expected) << shard;
      }
      EXPECT_TRUE(described->gamma().is_meta());
    }
  }
}

struct Block : nn::Module {
  Block(int64_t dim, double init_values) {
    for (const char* const name : {"ls1", "ls2"}) {
      if (init_values == 0) {
        add_child<nn::Identity>(name);
      } else {
        add_child<nn::LayerScale>(name, dim, nn::LayerScaleOptions{.init_values = init_values});
      }
    }
  }
};

TEST(LayerScaleTest, Case39_NamesInTheStateDict) {
  struct Model : nn::Module {
    explicit Model(double init_values) {
      auto& blocks = add_child<nn::ModuleList>("blocks");
      for (int i = 0; i < 2; ++i) blocks.append<Block>(3, init_values);
    }
  };
  std::vector<std::string> names;
  for (const auto& [name, tensor] : Model(1e-5).state_dict()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"blocks.0.ls1.gamma", "blocks.0.ls2.gamma",
                                             "blocks.1.ls1.gamma", "blocks.1.ls2.gamma"}));
  // No LayerScale, no key.
  EXPECT_TRUE(Model(0).state_dict().empty());
}

TEST(LayerScaleTest, Case39_ForwardScalesEveryChannel) {
  nn::LayerScale ls(3, {.init_values = from_values<float>({2, 3, 5})});
  const Tensor x = counting({2, 3});
  const Tensor y = ls(x);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{2, 6, 15, 8, 15, 30}));
  EXPECT_EQ(bits(x), bits(counting({2, 3})));
  nn::LayerScale inplace(3, {.init_values = from_values<float>({2, 3, 5}), .inplace = true});
  EXPECT_TRUE(inplace(x).is_same(x));
  EXPECT_EQ(bits(x), bits(y));
}

TEST(LayerScaleTest, Case40_ForwardAddIsTheResidualAndForwardInOnePass) {
  nn::LayerScale ls(3, {.init_values = from_values<float>({2, 3, 5})});
  const Tensor x = counting({2, 3}), residual = counting({2, 3}, {}, 100);
  const Tensor y = ls.forward_add(residual, x, 0.5);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{101, 104, 109.5, 107, 111.5, 120}));
  EXPECT_EQ(bits(residual), bits(counting({2, 3}, {}, 100)));
  nn::LayerScale inplace(3, {.init_values = from_values<float>({2, 3, 5}), .inplace = true});
  EXPECT_TRUE(inplace.forward_add(residual, x, 0.5).is_same(residual));
  EXPECT_EQ(bits(residual), bits(y));
  EXPECT_EQ(bits(x), bits(counting({2, 3})));
}

TEST(LayerScaleTest, Case40_ForwardAddWantsGamma) {
  DeviceScope scope(Device::meta());
  nn::LayerScale ls(3);
  EXPECT_TRUE(ls.forward_add(empty({2, 3}), empty({2, 3})).is_meta());
  ls.to_empty(Device::cpu());
  const Tensor x = counting({2, 3}, {.device = Device::cpu()});
  expect_error(ErrorCode::kUninitialized, {"layer_scale_add:", "\"gamma\""},
               [&] { ls.forward_add(x, x); });
}

}  // namespace
}  // namespace hollow
