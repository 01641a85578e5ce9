// Cases 30 to 34 of docs/semantics.md.

#include <algorithm>
#include <memory>

#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/memory.h"
#include "tensor/ops/fill.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

constexpr double kSentinel = -77.0;

template <typename M = ToyModel>
std::unique_ptr<M> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<M>();
}

// A model whose every value differs from what any writer writes, and from its neighbours.
std::unique_ptr<ToyModel> trained() {
  auto model = std::make_unique<ToyModel>();
  int64_t first = 1000;
  for (const auto& [name, tensor] : model->state_dict()) {
    if (tensor.dtype() == DType::kBool) {
      fill_(tensor, true);
    } else {
      tensor.copy_(counting(tensor.shape(), {.dtype = tensor.dtype()}, first += 100));
    }
  }
  return model;
}

nn::StateDict without(nn::StateDict values, const std::vector<std::string>& names) {
  values.erase(std::remove_if(values.begin(), values.end(),
                              [&](const nn::NamedTensor& each) {
                                return std::count(names.begin(), names.end(), each.name) > 0;
                              }),
               values.end());
  return values;
}

TEST(LoadingTest, Case30_MetaAdoptsWhatIsLoaded) {
  const auto source = trained();
  source->token.set_requires_grad(false);
  const auto model = described();
  model->token.set_requires_grad(false);
  const Tensor handle = model->blocks[0].get_parameter("fc.weight");
  nn::load_state_dict(*model, source->state_dict());
  const auto expected = source->state_dict(), loaded = model->state_dict();
  ASSERT_EQ(loaded.size(), expected.size());
  for (size_t i = 0; i < loaded.size(); ++i) {
    EXPECT_EQ(loaded[i].name, expected[i].name);
    EXPECT_EQ(bits(loaded[i].tensor), bits(expected[i].tensor)) << loaded[i].name;
    EXPECT_EQ(loaded[i].tensor.requires_grad(), expected[i].tensor.requires_grad());
    EXPECT_NE(loaded[i].tensor.storage(), expected[i].tensor.storage());
  }
  EXPECT_EQ(bits(handle), bits(source->blocks[0].get_parameter("fc.weight")));
  const Tensor x = counting({2, 6});
  EXPECT_EQ(bits(model->forward(x)), bits(source->forward(x)));
}

TEST(LoadingTest, Case31_LoadingNeverSilentlyDoesNothing) {
  const auto model = described();
  // Sources without values.
  expect_error(ErrorCode::kMeta,
               {"load_state_dict", "nothing was loaded into", "\"token\"", "meta"},
               [&] { nn::load_state_dict(*model, described()->state_dict()); });
  const auto empty_one = described();
  empty_one->to_empty(Device::cpu());
  expect_error(ErrorCode::kUninitialized, {"\"blocks.1.ls2.gamma\""},
               [&] { nn::load_state_dict(*model, empty_one->state_dict()); });
  // Keys that fit nothing, or none at all, also where the caller is not strict.
  nn::StateDict prefixed;
  for (const auto& [name, tensor] : trained()->state_dict()) {
    prefixed.push_back({"module." + name, tensor});
  }
  for (const nn::StateDict& values : {prefixed, nn::StateDict()}) {
    expect_error(ErrorCode::kKey, {"\"token\" is missing"},
                 [&] { nn::load_state_dict(*model, values, {.strict = false}); });
  }
  for (const auto& [name, tensor] : model->state_dict()) EXPECT_TRUE(tensor.is_meta()) << name;
  // Loading over real values does load.
  ToyModel real;
  nn::load_state_dict(real, trained()->state_dict());
  EXPECT_EQ(bits(real.token), bits(trained()->token));
}

struct Tied : nn::Module {
  Tied()
      : embed(add_parameter("embed", {2, 3}, nn::init::normal())),
        head(add_child<nn::Linear>("head", 3, 2, nn::LinearOptions{.bias = false})) {
    head.share_parameter("weight", embed);
    share_buffer("row", embed.select(0, 1), nn::Persistent::kYes);
  }
  Tensor& embed;
  nn::Linear& head;
};

TEST(LoadingTest, Case32_TiesSurviveOneNameOrAll) {
  const Tensor values = counting({2, 3}, {}, 5);
  const Tensor row = values.select(0, 1);
  for (const nn::StateDict& file :
       {nn::StateDict{{"embed", values}}, nn::StateDict{{"head.weight", values}},
        nn::StateDict{{"head.weight", values.clone()}, {"embed", values}, {"row", row}}}) {
    const auto model = described<Tied>();
    const nn::LoadReport report = nn::load_state_dict(*model, file);
    EXPECT_TRUE(report.missing.empty());
    EXPECT_EQ(bits(model->embed), bits(values));
    EXPECT_EQ(model->head.weight().storage(), model->embed.storage());
    EXPECT_EQ(bits(model->get_buffer("row")), bits(row));
  }
}

TEST(LoadingTest, Case32_NamesOfOneStorageMustAgree) {
  const Tensor values = counting({2, 3}, {}, 5);
  const auto model = described<Tied>();
  expect_error(ErrorCode::kKey, {"\"embed\"", "\"head.weight\"", "different values"}, [&] {
    nn::load_state_dict(*model, {{"embed", values}, {"head.weight", counting({2, 3}, {}, 6)}});
  });
  expect_error(ErrorCode::kKey, {"\"row\"", "different values"}, [&] {
    nn::load_state_dict(*model, {{"embed", values}, {"row", values.select(0, 0)}});
  });
  EXPECT_TRUE(model->embed.is_meta());
}

TEST(LoadingTest, Case33_WhatWasLoadedIsKeptByALaterInit) {
  const std::vector<std::string> lacks = {"token", "blocks.0.fc.bias", "blocks.1.ls1.gamma"};
  const ToyModel eager;
  const auto source = trained();
  const auto model = described();
  const nn::LoadReport report =
      nn::load_state_dict(*model, without(source->state_dict(), lacks), {.strict = false});
  EXPECT_EQ(report.missing, lacks);
  EXPECT_TRUE(model->token.is_meta());
  model->to_empty(Device::cpu());
  const std::vector<std::string> kept = model->reset_parameters();
  EXPECT_EQ(kept.size(), model->state_dict().size() - lacks.size());
  for (const auto& [name, tensor] : model->state_dict()) {
    const bool lacked = std::count(lacks.begin(), lacks.end(), name) > 0;
    const nn::Module& from = lacked ? static_cast<const nn::Module&>(eager) : *source;
    const nn::StateDict expected = from.state_dict();
    const auto same = std::find_if(expected.begin(), expected.end(),
                                   [&](const auto& each) { return each.name == name; });
    EXPECT_EQ(bits(tensor), bits(same->tensor)) << name;
    EXPECT_EQ(tensor.storage()->sealed(), !lacked) << name;
  }
  // Sealed against initializers, and against nothing else.
  const Tensor& weight = model->get_parameter("blocks.0.fc.weight");
  fill_(weight, kSentinel);
  model->set_writer("blocks.0.fc.weight", nn::init::ones());
  model->reset_parameters();
  EXPECT_EQ(weight.to_vector<float>(), std::vector<float>(36, kSentinel));
  model->unseal();
  EXPECT_TRUE(model->reset_parameters().empty());
  EXPECT_EQ(weight.to_vector<float>(), std::vector<float>(36, 1.0f));
}

TEST(LoadingTest, Case33_AResetThatCouldWriteNothingSaysSo) {
  const auto model = described();
  nn::load_state_dict(*model, trained()->state_dict());
  expect_error(ErrorCode::kSealed,
               {"reset_parameters", "\"blocks.0\"", "blocks.0.fc.weight", "unseal()"},
               [&] { model->blocks[0].reset_parameters(); });
  // The whole has a buffer that is computed, and no more.
  expect_error(ErrorCode::kSealed, {"token"}, [&] { model->reset_parameters(); });
  EXPECT_EQ(bits(model->token), bits(trained()->token));
}

TEST(LoadingTest, Case33_AMismatchIsAtomicAndNamesEveryBadKey) {
  nn::StateDict values = without(trained()->state_dict(), {"blocks.0.ls1.gamma", "mask"});
  for (nn::NamedTensor& each : values) {
    if (each.name == "blocks.1.fc.weight") each.name = "blocks.1.fc.wieght";
    if (each.name == "token") each.tensor = counting({1, 7});
    if (each.name == "steps") each.tensor = counting({}, {.dtype = DType::kF32});
  }
  values.push_back({"inv_freq", counting({3})});
  const auto model = described();
  ToyModel real;
  const auto before = bits(real.get_parameter("blocks.0.fc.weight"));
  for (nn::Module* const module :
       {static_cast<nn::Module*>(model.get()), static_cast<nn::Module*>(&real)}) {
    expect_error(
        ErrorCode::kKey,
        {"load_state_dict: nothing was loaded into hollow::ToyModel",
         "\"blocks.1.fc.wieght\" is not a name here; the nearest is \"blocks.1.fc.weight\"",
         "\"inv_freq\" is not loaded but computed", "\"blocks.0.ls1.gamma\" is missing",
         "\"mask\" is missing", "\"token\" is [1, 6] here and [1, 7]",
         "\"steps\" is i64 here and f32"},
        [&] { nn::load_state_dict(*module, values); });
  }
  for (const auto& [name, tensor] : model->state_dict()) EXPECT_TRUE(tensor.is_meta()) << name;
  EXPECT_EQ(bits(real.get_parameter("blocks.0.fc.weight")), before);
  EXPECT_FALSE(real.token.storage()->sealed());
}

// Counts how often its writer writes memory.
struct Counting : nn::Module {
  Counting() {
    for (const char* const name : {"a", "b", "c"}) {
      add_parameter(name, {4}, [this](const Tensor& tensor, RngKey) {
        if (!tensor.is_meta()) ++writes;
        fill_(tensor, 1.0);
      });
    }
  }
  int writes = 0;
};

TEST(LoadingTest, Case34_LoadOrInitIsOnePass) {
  const auto model = described<Counting>();
  const Tensor a = counting({4}, {}, 10), c = counting({4}, {}, 30);
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  const nn::LoadReport report = nn::load_or_init(*model, {{"c", c}, {"a", a}});
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations + 3);
  EXPECT_EQ(model->writes, 1);
  EXPECT_EQ(report.loaded, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(report.missing, (std::vector<std::string>{"b"}));
  EXPECT_EQ(report.initialized, (std::vector<std::string>{"b"}));
  EXPECT_EQ(bits(model->get_parameter("a")), bits(a));
  EXPECT_EQ(model->get_parameter("b").to_vector<float>(), std::vector<float>(4, 1.0f));
  EXPECT_EQ(bits(model->get_parameter("c")), bits(c));
}

TEST(LoadingTest, Case34_AFullLoadRunsNoInitializer) {
  const auto model = described<Counting>();
  const Tensor value = counting({4}, {}, 10);
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  nn::load_state_dict(*model, {{"a", value}, {"b", value}, {"c", value}});
  nn::materialize(*model, Device::cpu());
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations + 3);
  EXPECT_EQ(model->writes, 0);
}

}  // namespace
}  // namespace hollow
