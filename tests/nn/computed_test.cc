// Buffers outside the state dict: whatever changes what they read, and in whatever order they read
// one another, they follow, or are known to have no values.

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/check_deferred.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "nn/state_dict.h"
#include "tensor/factory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::expect_error;

std::vector<float> floats(const Tensor& tensor) { return tensor.to_vector<float>(); }

std::vector<float> twice(float value) { return {value, value}; }

// b = a + 1, of a parent's a.
struct Plus : Module {
  explicit Plus(const Tensor& a)
      : b(add_buffer(
            "b", {2}, [&a](const Tensor& tensor, RngKey) { tensor.copy_(add(a, 1.0)); },
            Persistent::kNo)) {}
  Tensor& b;
};

// a = 2 w. The child's b is listed before it.
struct Chain : Module {
  Tensor& w = add_parameter("w", {2}, init::constant(3.0));
  Tensor& a = add_buffer(
      "a", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, 2.0)); },
      Persistent::kNo);
  Plus& child = add_child<Plus>("child", a);
};

void expect_computed_from(float w, const Chain& chain) {
  EXPECT_EQ(floats(chain.w), twice(w));
  EXPECT_EQ(floats(chain.a), twice(2 * w));
  EXPECT_EQ(floats(chain.child.b), twice(2 * w + 1));
}

std::unique_ptr<Chain> described() {
  const DeviceScope scope(Device::meta());
  return std::make_unique<Chain>();
}

TEST(ComputedTest, AChildsBufferFollowsItsParentsInALoad) {
  const StateDict values = {{"w", full({2}, 10.0)}};
  Chain real, other;
  EXPECT_EQ(load_state_dict(real, values).computed, (std::vector<std::string>{"a", "child.b"}));
  expect_computed_from(10, real);
  load_or_init(other, values);
  expect_computed_from(10, other);
  const auto adopted = described();
  load_state_dict(*adopted, values);
  expect_computed_from(10, *adopted);
  const auto completed = described();
  load_or_init(*completed, values, {.device = Device::cpu()});
  expect_computed_from(10, *completed);
}

TEST(ComputedTest, AChildsBufferFollowsItsParentsInTheLifeCycle) {
  Chain chain;
  fill_(chain.w, 9.0);
  chain.reset_parameters();
  expect_computed_from(3, chain);
  chain.set_writer("w", init::constant(10.0));
  expect_computed_from(10, chain);
  chain.to(DType::kBF16);
  expect_computed_from(10, chain);
  const auto deferred = described();
  materialize(*deferred, Device::cpu());
  expect_computed_from(3, *deferred);
  const DeferredReport report = check_deferred([] { return std::make_unique<Chain>(); });
  EXPECT_TRUE(report.ok()) << to_string(report);
}

// One that can be made to fail, and one that is computed after it.
struct Failing : Module {
  bool fails = false;
  Tensor& w = add_parameter("w", {2}, init::constant(1.0));
  Tensor& first = add_buffer(
      "first", {2},
      [this](const Tensor& tensor, RngKey) {
        if (fails) throw std::runtime_error("no luck");
        tensor.copy_(mul(w, 2.0));
      },
      Persistent::kNo);
  Tensor& second = add_buffer(
      "second", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, 3.0)); },
      Persistent::kNo);
};

TEST(ComputedTest, ALoadWhoseComputingFailsLeavesNothingOfOldValues) {
  const StateDict values = {{"w", full({2}, 10.0)}};
  for (const bool initializes : {false, true}) {
    Failing module;
    module.fails = true;
    expect_error(
        ErrorCode::kWriter,
        {"\"first\" failed: no luck", "Unfinished: \"first\"", "\"second\"", "the same call again"},
        [&] {
          if (initializes) {
            load_or_init(module, values);
          } else {
            load_state_dict(module, values);
          }
        });
    EXPECT_EQ(module.second.state(), State::kAllocated);
    module.fails = false;
    materialize(module, Device::cpu());
    EXPECT_EQ(floats(module.first), twice(20));
    EXPECT_EQ(floats(module.second), twice(30));
  }
}

TEST(ComputedTest, AnotherDTypeWhoseComputingFailsIsCompletedByTheSameCall) {
  Failing module;
  module.fails = true;
  expect_error(ErrorCode::kWriter, {"to: ", "no luck", "Unfinished: \"first\"", "\"second\""},
               [&] { module.to(DType::kBF16); });
  EXPECT_EQ(module.second.state(), State::kAllocated);
  module.fails = false;
  module.to(DType::kBF16);
  EXPECT_EQ(floats(module.first), twice(2));
  EXPECT_EQ(floats(module.second), twice(3));
  // In its dtype already it has nothing to follow.
  module.to(DType::kBF16);
  EXPECT_EQ(module.second.storage()->writes()[0].count, 2);
}

// Its own w, and c = 2 w.
struct Double : Module {
  Tensor& w = add_parameter("w", {2}, init::uniform());
  Tensor& c = add_buffer(
      "c", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, 2.0)); },
      Persistent::kNo);
};

TEST(ComputedTest, ATieOfWhatWasReadIsFollowed) {
  struct Tied : Module {
    Double& one = add_child<Double>("one");
    Double& two = add_child<Double>("two");
    Tied() { two.share_parameter("w", one.w); }
  };
  Tied tied;
  EXPECT_EQ(floats(tied.two.c), floats(mul(tied.one.w, 2.0)));
  const DeferredReport report = check_deferred([] { return std::make_unique<Tied>(); });
  EXPECT_TRUE(report.ok()) << to_string(report);
  // The same tie again changes nothing, and computes nothing.
  tied.two.share_parameter("w", tied.one.w);
  EXPECT_EQ(tied.two.c.storage()->writes()[0].count, 2);
}

TEST(ComputedTest, ATieWhoseComputingFailsStandsAndSaysWhatIsUnfinished) {
  Failing module;
  Module& other = module.add_child<Module>("other");
  const Tensor& u = other.add_parameter("u", {2}, init::constant(5.0));
  module.fails = true;
  expect_error(ErrorCode::kWriter, {"share_parameter", "no luck", "Unfinished: \"first\""},
               [&] { module.share_parameter("w", u); });
  module.fails = false;
  materialize(module, Device::cpu());
  EXPECT_EQ(floats(module.first), twice(10));
  EXPECT_EQ(floats(module.second), twice(15));
}

// s = 3 kw, of a child's kw.
struct Above : Module {
  struct Kid : Module {
    Tensor& kw = add_parameter("kw", {2}, init::uniform());
  };
  Kid& kid = add_child<Kid>("kid");
  Tensor& s = add_buffer(
      "s", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(kid.kw, 3.0)); },
      Persistent::kNo);
};

TEST(ComputedTest, Case25_PartsFirstOrTheWholeAtOnceIsTheSame) {
  Above whole, parts;
  for (Above* const each : {&whole, &parts}) {
    each->kid.release();
    each->kid.next_generation();
  }
  materialize(whole, Device::cpu());
  materialize(parts.kid, Device::cpu());
  materialize(parts, Device::cpu());
  EXPECT_EQ(floats(parts.kid.kw), floats(whole.kid.kw));
  EXPECT_EQ(floats(parts.s), floats(whole.s));
}

TEST(ComputedTest, MaterializeBringsUpToDateWhatAPartHasChanged) {
  Above above;
  load_state_dict(above.kid, {{"kw", full({2}, 9.0)}});
  materialize(above, Device::cpu());
  EXPECT_EQ(floats(above.s), twice(27));
  above.kid.unseal();
  above.kid.set_writer("kw", init::constant(2.0));
  materialize(above, Device::cpu());
  EXPECT_EQ(floats(above.s), twice(6));
  Module lone;
  above.kid.share_parameter(
      "kw", lone.add_child<Module>("of_another").add_parameter("w", {2}, init::constant(4.0)));
  materialize(above, Device::cpu());
  EXPECT_EQ(floats(above.s), twice(12));
}

// Also where the slot had lost its values by then.
TEST(ComputedTest, MaterializeBringsUpToDateWhatReadASlotThatWasReleasedAndTied) {
  struct Pair : Module {
    Double& one = add_child<Double>("one");
    Double& two = add_child<Double>("two");
    Tensor& sum = add_buffer(
        "sum", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(add(one.w, two.w)); },
        Persistent::kNo);
  };
  Pair pair;
  pair.two.release();
  pair.two.share_parameter("w", pair.one.w);
  materialize(pair, Device::cpu());
  EXPECT_EQ(floats(pair.sum), floats(mul(pair.one.w, 2.0)));
}

// The child's b is computed anew with its own w, and the parent's a, which is older than that.
TEST(ComputedTest, MaterializeBringsUpToDateWhatAPartHasComputedFromWhatIsOld) {
  struct Reader : Module {
    const Tensor* a = nullptr;
    Tensor& w = add_parameter("w", {2}, init::constant(1.0));
    Tensor& b = add_buffer(
        "b", {2},
        [this](const Tensor& tensor, RngKey) { tensor.copy_(a == nullptr ? w : add(*a, w)); },
        Persistent::kNo);
  };
  struct Parent : Module {
    Reader& reader = add_child<Reader>("reader");
    Tensor& a = add_buffer(
        "a", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(reader.w, 2.0)); },
        Persistent::kNo);
    Parent() { reader.a = &a; }
  };
  Parent parent;
  parent.reader.set_writer("w", init::constant(5.0));
  materialize(parent, Device::cpu());
  EXPECT_EQ(floats(parent.a), twice(10));
  EXPECT_EQ(floats(parent.reader.b), twice(15));
}

TEST(ComputedTest, MaterializeBringsUpToDateWhatReadsAConvertedPart) {
  Above above;
  const std::vector<float> exact = floats(above.kid.kw);
  above.kid.to(DType::kBF16);
  above.kid.to(DType::kF32);
  ASSERT_NE(floats(above.kid.kw), exact);
  materialize(above, Device::cpu());
  EXPECT_EQ(floats(above.s), floats(mul(above.kid.kw, 3.0)));
}

// c = 2 w in the child, and d = c + 1: what is computed from what is computed.
struct Tower : Module {
  struct Kid : Module {
    explicit Kid(const Tensor& w)
        : c(add_buffer(
              "c", {2}, [&w](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, 2.0)); },
              Persistent::kNo)) {}
    Tensor& c;
  };
  Tensor& w = add_parameter("w", {2}, init::constant(3.0));
  Kid& kid = add_child<Kid>("kid", w);
  Tensor& d = add_buffer(
      "d", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(add(kid.c, 1.0)); },
      Persistent::kNo);
};

TEST(ComputedTest, MaterializeBringsUpToDateWhatReadsWhatIsComputed) {
  Tower tower;
  load_state_dict(tower, {{"w", full({2}, 10.0)}});
  tower.unseal();
  tower.reset_parameters(Recurse::kNo);
  materialize(tower, Device::cpu());
  EXPECT_EQ(floats(tower.kid.c), twice(6));
  EXPECT_EQ(floats(tower.d), twice(7));
}

TEST(ComputedTest, MaterializeBringsUpToDateWhatReadsAnotherGeneration) {
  Module module;
  Module& kid = module.add_child<Module>("kid");
  const Tensor r = kid.add_buffer("r", {2}, init::uniform(), Persistent::kNo);
  const Tensor d = module.add_buffer(
      "d", {2}, [r](const Tensor& tensor, RngKey) { tensor.copy_(r); }, Persistent::kNo);
  const std::vector<float> first = floats(r);
  kid.next_generation();
  kid.reset_parameters();
  ASSERT_NE(floats(r), first);
  materialize(module, Device::cpu());
  EXPECT_EQ(floats(d), floats(r));
}

TEST(ComputedTest, ANewWriterOfOneIsFollowedByOthersAboveIt) {
  Tower tower;
  tower.kid.set_writer("c", init::constant(5.0));
  EXPECT_EQ(floats(tower.d), twice(6));
  // Nothing is left to be computed.
  const int64_t writes = tower.d.storage()->writes()[0].count;
  materialize(tower, Device::cpu());
  EXPECT_EQ(tower.d.storage()->writes()[0].count, writes);
}

TEST(ComputedTest, APartThatIsResetAloneWaitsForWhatItReadsElsewhere) {
  const DeviceScope scope(Device::meta());
  Tower tower;
  tower.to_empty(Device::cpu());
  tower.reset_parameters(Recurse::kNo);
  EXPECT_EQ(tower.d.state(), State::kAllocated);
  tower.kid.reset_parameters();
  tower.reset_parameters(Recurse::kNo);
  EXPECT_EQ(floats(tower.d), twice(7));
}

// In the constructor of the whole, by way of a part of it.
TEST(ComputedTest, Case24_WhatAParentChangesInAPartIsFollowedAboveIt) {
  struct SetsWriters : Above {
    SetsWriters() {
      apply([](Kid& part) { part.set_writer("kw", init::constant(2.0)); });
    }
  };
  struct Converts : Above {
    Converts() {
      kid.to(DType::kF16);
      kid.to(DType::kF32);
    }
  };
  EXPECT_EQ(floats(SetsWriters().s), twice(6));
  const DeferredReport report = check_deferred([] { return std::make_unique<SetsWriters>(); });
  EXPECT_TRUE(report.ok()) << to_string(report);
  const Converts converts;
  EXPECT_EQ(floats(converts.s), floats(mul(converts.kid.kw, 3.0)));
  // Also while a module between is being built, which no other lists yet.
  struct Between : Above {
    Between() { kid.set_writer("kw", init::constant(4.0)); }
  };
  struct Root : Module {
    Between& between = add_child<Between>("between");
  };
  EXPECT_EQ(floats(Root().between.s), twice(12));
}

TEST(ComputedTest, AResetFollowsAPartsLoadAlsoWhereAllElseIsSealed) {
  Above above;
  load_state_dict(above.kid, {{"kw", full({2}, 9.0)}});
  EXPECT_EQ(above.reset_parameters(), (std::vector<std::string>{"kid.kw"}));
  EXPECT_EQ(floats(above.s), twice(27));
}

// It is copied before it loses its values.
TEST(ComputedTest, ALoadMayTakeItsValuesFromWhatIsComputed) {
  for (const bool initializes : {false, true}) {
    Tower tower;
    if (initializes) {
      load_or_init(tower, {{"w", tower.kid.c}});
    } else {
      load_state_dict(tower, {{"w", tower.kid.c}});
    }
    EXPECT_EQ(floats(tower.w), twice(6));
    EXPECT_EQ(floats(tower.d), twice(13));
  }
}

TEST(ComputedTest, AFailedWriterOfASlotThatHadNoneSaysThatItStillHasNone) {
  Module module;
  const Tensor& w = module.add_parameter("w", {2}, nullptr);
  expect_error(ErrorCode::kWriter, {"no luck", "which have no writer", "\"w\""}, [&] {
    module.set_writer("w", [](const Tensor& tensor, RngKey) {
      if (!tensor.is_meta()) throw std::runtime_error("no luck");
    });
  });
  EXPECT_EQ(w.state(), State::kAllocated);
}

// A part's load is not to fail for what lies outside of it.
TEST(ComputedTest, WhatReadsAParentOnMetaWaitsForIt) {
  struct Reader : Module {
    explicit Reader(const Tensor& token)
        : c(add_buffer(
              "c", {2},
              [&token, this](const Tensor& tensor, RngKey) { tensor.copy_(add(token, w)); },
              Persistent::kNo)) {}
    Tensor& w = add_parameter("w", {2}, init::ones());
    Tensor& c;
  };
  struct Parent : Module {
    Tensor& token = add_parameter("token", {2}, init::ones());
    Reader& reader = add_child<Reader>("reader", token);
  };
  const DeviceScope scope(Device::meta());
  Parent parent;
  const LoadReport report =
      load_state_dict(parent.reader, {{"w", full({2}, 3.0, {.device = Device::cpu()})}});
  EXPECT_TRUE(report.computed.empty());
  EXPECT_EQ(parent.reader.c.state(), State::kAllocated);
  materialize(parent, Device::cpu());
  EXPECT_EQ(floats(parent.reader.c), twice(4));
}

// Also where the tree does not list it yet, or not any more.
TEST(ComputedTest, WhatReadsATieToWhatIsLoadedLaterWaits) {
  struct Tied : Module {
    Tensor& loaded = add_parameter("loaded", {2}, nullptr);
    Tensor& w = add_parameter("w", {2}, init::ones());
    Tensor& b = add_buffer(
        "b", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, 2.0)); },
        Persistent::kNo);
    Tied() { share_parameter("w", loaded); }
  };
  struct Root : Module {
    Tied& tied = add_child<Tied>("tied");
  };
  struct Heir : Module {
    explicit Heir(Tied& tied) { share_child("tied", tied); }
  };
  auto root = std::make_unique<Root>();
  Tied& tied = root->tied;
  EXPECT_EQ(tied.b.state(), State::kAllocated);
  Heir heir(tied);
  root.reset();
  tied.add_parameter("other", {2}, nullptr);
  load_state_dict(heir, {{"tied.other", ones({2})}}, {.strict = false});
  EXPECT_EQ(tied.b.state(), State::kAllocated);
  load_state_dict(heir, {{"tied.loaded", full({2}, 4.0)}}, {.strict = false});
}

TEST(ComputedTest, AResetWaitsForWhatIsComputedOnMeta) {
  struct Kid : Module {
    Tensor& c = add_buffer("c", {2}, init::constant(5.0), Persistent::kNo);
  };
  struct Parent : Module {
    Kid& kid = add_child<Kid>("kid");
    Tensor& p = add_parameter("p", {2}, init::constant(2.0));
    Tensor& e = add_buffer(
        "e", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(mul(kid.c, p)); },
        Persistent::kNo);
  };
  Parent parent;
  parent.kid.release();
  parent.reset_parameters();
  EXPECT_EQ(parent.e.state(), State::kAllocated);
  materialize(parent, Device::cpu());
  EXPECT_EQ(floats(parent.e), twice(10));
}

TEST(ComputedTest, ANewWriterWaitsForWhatHasNoValuesYet) {
  const DeviceScope scope(Device::meta());
  Double module;
  module.to_empty(Device::cpu());
  module.set_writer("c",
                    [&module](const Tensor& tensor, RngKey) { tensor.copy_(mul(module.w, 3.0)); });
  EXPECT_EQ(module.c.state(), State::kAllocated);
  module.reset_parameters();
  EXPECT_EQ(floats(module.c), floats(mul(module.w, 3.0)));
}

// Where nothing else lacks values there is nothing to wait for.
// Two parts of one root, of which another lists the second, or both.
TEST(ComputedTest, WhatOutlivesItsRootIsFollowedWhereverItIsListed) {
  struct Source : Module {
    Tensor& w = add_parameter("w", {2}, init::constant(3.0));
  };
  auto first = std::make_unique<Module>();
  Source& source = first->add_child<Source>("source");
  Plus& plus = first->add_child<Plus>("plus", source.w);
  Module second, third;
  second.share_child("source", source);
  third.share_child("plus", plus);
  source.set_writer("w", init::constant(4.0));
  EXPECT_EQ(floats(plus.b), twice(5));
  first.reset();
  source.set_writer("w", init::constant(6.0));
  EXPECT_EQ(floats(plus.b), twice(7));
  source.to(DType::kBF16);
  EXPECT_EQ(floats(plus.b), twice(7));
  const Tensor other =
      second.add_parameter("other", {2}, init::constant(8.0), {.dtype = DType::kBF16});
  source.share_parameter("w", other);
  EXPECT_EQ(floats(plus.b), twice(9));
}

TEST(ComputedTest, TwoThatReadEachOtherAreAnError) {
  struct Circle : Module {
    bool closed = false;
    Tensor* b = nullptr;
    Tensor& w = add_parameter("w", {2}, init::ones());
    Tensor& a = add_buffer(
        "a", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(closed ? *b : w); },
        Persistent::kNo);
    Circle() {
      b = &add_buffer(
          "b", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(a); }, Persistent::kNo);
      closed = true;
    }
  };
  Circle circle;
  expect_error(ErrorCode::kUninitialized,
               {"reset_parameters", "the writer of", "Unfinished: \"a\"", "\"b\""},
               [&] { circle.reset_parameters(); });
}

}  // namespace
}  // namespace hollow::nn
