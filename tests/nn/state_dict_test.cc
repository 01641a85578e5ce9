#include "nn/state_dict.h"

#include <memory>

#include "nn/init.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

using Names = std::vector<std::string>;

// w, a view of it as a buffer that is saved, and u.
struct Net : Module {
  Net()
      : w(add_parameter("w", {2, 3}, init::constant(0.5))),
        row(share_buffer("row", w.select(0, 1), Persistent::kYes)),
        u(add_parameter("u", {2}, init::constant(0.25))) {}
  Tensor& w;
  Tensor& row;
  Tensor& u;
};

std::unique_ptr<Net> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<Net>();
}

TEST(LoadStateDictTest, ListsConflictsBesideWhatElseIsWrong) {
  Net net;
  expect_error(
      ErrorCode::kKey, {"\"u\" is [2] here and [3]", "\"w\" and \"row\" are one storage"}, [&] {
        load_state_dict(
            net, {{"w", counting({2, 3})}, {"row", counting({3}, {}, 70)}, {"u", counting({3})}});
      });
}

TEST(LoadStateDictTest, ReportsInTheOrderOfTheModule) {
  Net net;
  const LoadReport report = load_state_dict(net, {{"u", counting({2}, {.dtype = DType::kF16}, 30)},
                                                  {"row", counting({3}, {}, 13)},
                                                  {"w", counting({2, 3}, {}, 10)}});
  EXPECT_EQ(report.loaded, (Names{"w", "row", "u"}));
  EXPECT_EQ(report.converted, (Names{"u"}));
  EXPECT_TRUE(report.missing.empty() && report.unexpected.empty());
  EXPECT_TRUE(report.initialized.empty() && report.computed.empty());
  EXPECT_EQ(net.u.dtype(), DType::kF32);
  EXPECT_EQ(net.u.to_vector<float>(), (std::vector<float>{30, 31}));
}

TEST(LoadStateDictTest, StrictSaysAllAndNotStrictReportsIt) {
  Net net;
  const StateDict values = {{"w", counting({2, 3}, {}, 10)}, {"x", counting({1})}};
  expect_error(ErrorCode::kKey, {"\"x\" is not a name here", "\"u\" is missing"},
               [&] { load_state_dict(net, values); });
  EXPECT_EQ(net.w.select(0, 0).select(0, 0).item<float>(), 0.5f);
  const LoadReport report = load_state_dict(net, values, {.strict = false});
  EXPECT_EQ(report.loaded, (Names{"w"}));
  EXPECT_EQ(report.missing, (Names{"u"}));  // row came with w
  EXPECT_EQ(report.unexpected, (Names{"x"}));
  EXPECT_EQ(net.u.to_vector<float>(), std::vector<float>(2, 0.25f));
}

TEST(LoadStateDictTest, ShapesAndDTypesAreErrorsAlsoWhereNotStrict) {
  Net net;
  expect_error(ErrorCode::kShape, {"\"u\" is [2] here and [3] in what is loaded"}, [&] {
    load_state_dict(net, {{"u", counting({3})}}, {.strict = false});
  });
  expect_error(ErrorCode::kDType, {"\"u\" is f32 here and i64"}, [&] {
    load_state_dict(net, {{"u", counting({2}, {.dtype = DType::kI64})}}, {.strict = false});
  });
}

TEST(LoadStateDictTest, AKeyTwiceMustAgreeWithItself) {
  Net net;
  const Tensor a = counting({2}, {}, 7);
  load_state_dict(net, {{"u", a}, {"u", a.clone()}}, {.strict = false});
  EXPECT_EQ(bits(net.u), bits(a));
  expect_error(ErrorCode::kKey, {"\"u\"", "different values"}, [&] {
    load_state_dict(net, {{"u", a}, {"u", counting({2}, {}, 8)}}, {.strict = false});
  });
}

TEST(LoadStateDictTest, APartByWayOfAViewIsKeptAndTheRestIsInitialized) {
  const auto net = described();
  const LoadReport report =
      load_state_dict(*net, {{"row", counting({3}, {}, 13)}}, {.strict = false});
  EXPECT_EQ(report.missing, (Names{"w", "u"}));
  EXPECT_EQ(net->w.state(), State::kPartial);
  materialize(*net, Device::cpu());
  EXPECT_EQ(net->w.to_vector<float>(), (std::vector<float>{0.5, 0.5, 0.5, 13, 14, 15}));
  EXPECT_EQ(net->reset_parameters(), (Names{"w"}));  // as far as it is sealed it is whole
  EXPECT_EQ(net->row.to_vector<float>(), (std::vector<float>{13, 14, 15}));
}

TEST(LoadStateDictTest, ValuesThatLieInTheModuleItselfAreNotLostOnTheWay) {
  struct Pair : Module {
    Pair() {
      add_parameter("a", {2}, init::constant(1.0));
      add_parameter("b", {2}, init::constant(2.0));
    }
  };
  Pair pair;
  const Tensor a = pair.get_parameter("a"), b = pair.get_parameter("b");
  load_state_dict(pair, {{"a", b}, {"b", a}});
  EXPECT_EQ(a.to_vector<float>(), std::vector<float>(2, 2.0f));
  EXPECT_EQ(b.to_vector<float>(), std::vector<float>(2, 1.0f));
  load_state_dict(pair, pair.state_dict());
  EXPECT_TRUE(a.storage()->sealed());
  EXPECT_EQ(a.to_vector<float>(), std::vector<float>(2, 2.0f));
}

TEST(LoadStateDictTest, AModuleWithoutStateHasNothingToLoad) {
  Module module;
  EXPECT_TRUE(load_state_dict(module, {}).loaded.empty());
  expect_error(ErrorCode::kKey, {"\"w\" is not a name here"}, [&] {
    load_state_dict(module, {{"w", counting({1})}}, {.strict = false});
  });
}

// Its buffer is the double of a parameter.
struct Doubling : Module {
  Doubling()
      : w(add_parameter("w", {1}, init::constant(4.0))),
        twice(add_buffer(
            "twice", {1},
            [this](const Tensor& tensor, RngKey) {
              if (!tensor.is_meta()) fill_(tensor, 2 * w.item<float>());
            },
            Persistent::kNo)),
        other(add_parameter("other", {1}, init::constant(6.0))) {}
  Tensor& w;
  Tensor& twice;
  Tensor& other;
};

TEST(LoadStateDictTest, ABufferThatNeedsWhatIsMissingWaitsForIt) {
  DeviceScope scope(Device::meta());
  Doubling model;
  DeviceScope real(Device::cpu());
  const LoadReport report =
      load_state_dict(model, {{"other", counting({1}, {}, 9)}}, {.strict = false});
  EXPECT_TRUE(report.computed.empty());
  EXPECT_FALSE(model.twice.is_initialized());
  materialize(model, Device::cpu());
  EXPECT_EQ(model.twice.item<float>(), 8.0f);
  EXPECT_EQ(model.other.item<float>(), 9.0f);
}

TEST(LoadStateDictTest, AWriterThatFailsListsWhatIsUnfinished) {
  Module model;
  bool fails = false;
  model.add_parameter("w", {1}, init::ones());
  model.add_buffer(
      "b", {1},
      [&](const Tensor& tensor, RngKey) {
        if (fails) throw Error(ErrorCode::kValue, "b", "fails");
        fill_(tensor, 1.0);
      },
      Persistent::kNo);
  fails = true;
  expect_error(ErrorCode::kValue,
               {"load_state_dict", "b: fails",
                "Unfinished: \"b\" [1] f32 on cpu (allocated); the same call again goes on "
                "from there, once the cause is mended"},
               [&] {
                 load_state_dict(model, {{"w", counting({1}, {}, 5)}});
               });
  EXPECT_EQ(model.get_parameter("w").item<float>(), 5.0f);
  EXPECT_FALSE(model.get_buffer("b").is_initialized());
  fails = false;
  load_state_dict(model, {{"w", counting({1}, {}, 5)}});
  EXPECT_EQ(model.get_buffer("b").item<float>(), 1.0f);
}

TEST(LoadOrInitTest, KeepsWhatIsThereAndRefusesWhatItDoesNotKnow) {
  const auto net = described();
  materialize(net->u, Device::cpu());
  fill_(net->u, -3.0);
  expect_error(ErrorCode::kKey, {"load_or_init", "\"v\" is not a name here"}, [&] {
    load_or_init(*net, {{"v", counting({2})}});
  });
  EXPECT_TRUE(net->w.is_meta());
  const LoadReport report =
      load_or_init(*net, {{"v", counting({2})}, {"row", counting({3}, {}, 7)}},
                   {.strict = false, .device = Device::cpu()});
  EXPECT_EQ(report.unexpected, (Names{"v"}));
  EXPECT_EQ(report.missing, (Names{"w", "u"}));
  EXPECT_EQ(report.initialized, (Names{"w"}));
  EXPECT_EQ(net->w.to_vector<float>(), (std::vector<float>{0.5, 0.5, 0.5, 7, 8, 9}));
  EXPECT_EQ(net->u.to_vector<float>(), std::vector<float>(2, -3.0f));
}

TEST(LoadOrInitTest, NeedsWritersOnlyForWhatIsMissing) {
  const auto build = [] {
    DeviceScope scope(Device::meta());
    auto module = std::make_unique<Module>();
    module->add_parameter("a", {2}, nullptr);
    module->add_parameter("b", {2}, nullptr);
    return module;
  };
  const auto module = build();
  const Tensor value = counting({2});
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  expect_error(ErrorCode::kWriter, {"load_or_init", "no writer", "\"b\""}, [&] {
    load_or_init(*module, {{"a", value}});
  });
  EXPECT_TRUE(module->get_parameter("a").is_meta());
  load_or_init(*module, {{"a", value}, {"b", value}});
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations + 2);
}

TEST(LoadOrInitTest, AFileOfOtherNamesIsAnErrorHoweverLenient) {
  const auto net = described();
  expect_error(ErrorCode::kKey, {"load_or_init", "\"module.w\" is not a name here"}, [&] {
    load_or_init(*net, {{"module.w", counting({2, 3})}}, {.strict = false});
  });
  EXPECT_TRUE(net->w.is_meta());
  EXPECT_EQ(load_or_init(*net, {}).initialized, (Names{"w", "row", "u"}));
}

TEST(LoadOrInitTest, MetaIsNoPlaceToLoadInto) {
  const auto net = described();
  DeviceScope scope(Device::meta());
  expect_error(ErrorCode::kMeta, {"load_or_init", "LoadOptions.device"},
               [&] { load_or_init(*net, {}); });
}

TEST(LoadStateDictTest, ABufferOfALoadedAndAMissingParameterWaits) {
  struct Sum : Module {
    Tensor& w = add_parameter("w", {2}, init::ones());
    Tensor& v = add_parameter("v", {2}, init::constant(2.0));
    Tensor& b = add_buffer(
        "b", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(add(w, v)); },
        Persistent::kNo);
  };
  std::unique_ptr<Sum> sum;
  {
    DeviceScope scope(Device::meta());
    sum = std::make_unique<Sum>();
  }
  load_state_dict(*sum, {{"w", full({2}, 40.0)}}, {.strict = false});
  materialize(*sum, Device::cpu());
  EXPECT_EQ(sum->b.to_vector<float>(), std::vector<float>(2, 42.0f));
}

struct ComputedAlone : Module {
  Tensor& table = add_buffer("table", {2}, init::constant(3.0), Persistent::kNo);
};

TEST(LoadStateDictTest, OfNothingComputesWhatIsInNoStateDict) {
  std::unique_ptr<ComputedAlone> net;
  {
    DeviceScope scope(Device::meta());
    net = std::make_unique<ComputedAlone>();
    load_state_dict(*net, {});
    EXPECT_TRUE(net->table.is_meta()) << "the default device has no memory";
  }
  EXPECT_EQ(load_state_dict(*net, {}).computed, (Names{"table"}));
  EXPECT_EQ(net->table.to_vector<float>(), (std::vector<float>{3, 3}));
}

TEST(LoadStateDictTest, MetaIsNoPlaceToLoadTo) {
  Net net;
  expect_error(ErrorCode::kMeta, {"load_state_dict", "LoadOptions.device"}, [&] {
    load_state_dict(net, {{"u", counting({2})}}, {.strict = false, .device = Device::meta()});
  });
}

TEST(LoadStateDictTest, AConflictNamesTheTwoThatAreInIt) {
  Module net;
  const Tensor& w = net.add_parameter("w", {6}, init::zeros());
  net.share_parameter("v0", w.narrow(0, 0, 3));
  net.share_parameter("v1", w.narrow(0, 2, 3));
  net.share_parameter("v2", w.narrow(0, 5, 1));
  const auto load = [&](int64_t second) {
    load_state_dict(net,
                    {{"v0", counting({3}, {}, 1)},
                     {"v1", counting({3}, {}, second)},
                     {"v2", counting({1}, {}, 6)}},
                    {.strict = false});
  };
  expect_error(ErrorCode::kKey, {"\"v0\" and \"v1\" are one storage"}, [&] { load(30); });
  load(3);
  EXPECT_EQ(w.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(LoadStateDictTest, AKeyThatIsThereTwiceSaysSo) {
  Module module;
  module.add_parameter("w", {2}, init::ones());
  module.add_parameter("v", {2}, init::ones());
  const StateDict twice = {{"w", zeros({2})}, {"w", ones({2})}};
  for (const bool strict : {true, false}) {
    expect_error(ErrorCode::kKey, {"\"w\" is there twice, with different values; keep one"},
                 [&] { load_state_dict(module, twice, {.strict = strict}); });
  }
  EXPECT_EQ(load_state_dict(module, {twice[1], twice[1]}, {.strict = false}).loaded, (Names{"w"}));
}

TEST(LoadStateDictTest, AValueThatDoesNotFitMayBeLeftOut) {
  Module module;
  const Tensor& w = module.add_parameter("w", {2}, init::ones());
  module.add_parameter("v", {2}, init::ones());
  const std::vector<std::pair<ErrorCode, Tensor>> bad = {
      {ErrorCode::kShape, zeros({3})},
      {ErrorCode::kDType, zeros({2}, {.dtype = DType::kI64})},
      {ErrorCode::kMeta, empty({2}, {.device = Device::meta()})},
      {ErrorCode::kUninitialized, empty({2})}};
  for (const auto& [code, value] : bad) {
    expect_error(code, {"\"w\"", "; leave out what does not fit, and load_or_init()"},
                 [&, &value = value] {
                   load_state_dict(module, {{"w", value}, {"v", w}});
                 });
  }
}

TEST(LoadStateDictTest, ATieWithBothNamesIsWrittenOnce) {
  const DeviceScope scope(Device::meta());
  Module module;
  const Tensor w = module.add_parameter("w", {2}, init::ones());
  module.share_parameter("tie", w);
  const Tensor values = full({2}, 5.0, {.device = Device::cpu()});
  const LoadReport report = load_state_dict(module, {{"w", values}, {"tie", values}});
  EXPECT_EQ(report.loaded, (Names{"w", "tie"}));
  ASSERT_EQ(w.storage()->writes().size(), 1u);
  EXPECT_EQ(w.storage()->writes()[0].count, 1);
  EXPECT_EQ(w.to_vector<float>(), (std::vector<float>{5, 5}));
}

TEST(LoadStateDictTest, AnAliasThatIsNotSavedIsNotCalledComputed) {
  Module net;
  const Tensor& w = net.add_parameter("w", {2}, init::zeros());
  net.share_buffer("alias", w);
  expect_error(ErrorCode::kKey, {"\"alias\" is in no state dict here", "\"w\""}, [&] {
    load_state_dict(net, {{"w", ones({2})}, {"alias", ones({2})}});
  });
}

}  // namespace
}  // namespace hollow::nn
