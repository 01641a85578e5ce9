// The members of Module that give its tensors memory and values, and take them away.

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "nn/state_dict.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale_index_add.h"
#include "tensor/placement.h"
#include "tests/nn/tree.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

TEST(LifeCycleTest, AWriterDoesNotOutliveItsModule) {
  auto bearer = std::make_unique<Leaf>(2.5);
  Leaf heir(9.0);
  heir.share_parameter("w", bearer->w);
  bearer.reset();
  EXPECT_EQ(heir.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
  expect_error(ErrorCode::kWriter, {"\"w\"", "no writer"}, [&] { heir.reset_parameters(); });
}

TEST(LifeCycleTest, WhatHasNoWriterAnyMoreIsNotReleased) {
  auto bearer = std::make_unique<Leaf>(2.5);
  Leaf heir(9.0);
  heir.share_parameter("w", bearer->w);
  bearer.reset();
  expect_error(ErrorCode::kChanged, {"\"w\"", "have no writer"}, [&] { heir.release(); });
  EXPECT_EQ(heir.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(LifeCycleTest, AWriterThatTurnsOutToLeaveElementsIsFound) {
  bool all = true;
  Module module;
  module.add_parameter("w", {4}, [&](const Tensor& tensor, RngKey) {
    fill_(all ? tensor : tensor.narrow(0, 0, 3), 1.0);
  });
  all = false;
  expect_error(ErrorCode::kWriter, {"\"w\"", "left 1 elements unwritten"},
               [&] { module.reset_parameters(); });
  // The old fourth value does not pass for a new one.
  EXPECT_EQ(module.get_parameter("w").state(), State::kPartial);
}

TEST(LifeCycleTest, AWriterCannotReplaceItselfWhileItWrites) {
  Module module;
  module.add_parameter("w", {1}, init::constant(1.0));
  bool replaces = false;
  module.set_writer("w", [&](const Tensor& tensor, RngKey) {
    fill_(tensor, 2.0);
    if (replaces && !tensor.is_meta()) module.set_writer("w", init::constant(3.0));
  });
  replaces = true;
  expect_error(ErrorCode::kWriter, {"reset_parameters", "set_writer", "\"w\"", "its own slot"},
               [&] { module.reset_parameters(); });
  replaces = false;
  module.reset_parameters();
  EXPECT_EQ(module.get_parameter("w").item<float>(), 2.0f);
}

TEST(LifeCycleTest, AWriterMayReplaceItselfOnMeta) {
  DeviceScope scope(Device::meta());
  Module module;
  module.add_parameter("w", {1}, init::constant(1.0));
  int calls = 0;
  module.set_writer("w", [&, kept = std::vector<int>(99)](const Tensor& tensor, RngKey) {
    if (++calls == 2) module.set_writer("w", init::constant(3.0));
    fill_(tensor, static_cast<int64_t>(kept.size()));
  });
  materialize(module, Device::cpu());
  EXPECT_EQ(module.get_parameter("w").item<float>(), 3.0f);
}

TEST(LifeCycleTest, ZeroElementsCanBeReleased) {
  DeviceScope scope(Device::meta());
  Module module;
  module.add_parameter("w", {0, 3}, init::zeros());
  module.to_empty(Device::cpu());
  module.release();
  EXPECT_TRUE(module.get_parameter("w").is_meta());
}

TEST(LifeCycleTest, SetWriterWritesAtOnceAndWins) {
  Tree tree;
  tree.set_writer("left.w", init::constant(-1.0));
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{-1, -1}));
  fill_(tree.left.w, 5.0);
  tree.left.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{-1, -1}));
  expect_error(ErrorCode::kKey, {"set_writer", "\"left.v\""},
               [&] { tree.set_writer("left.v", init::zeros()); });
  expect_error(ErrorCode::kWriter, {"\"left.w\"", "empty"},
               [&] { tree.set_writer("left.w", nullptr); });
}

TEST(LifeCycleTest, AWriterThatDoesNotFitIsRefusedAndTheOldOneStays) {
  Tree tree;
  expect_error(ErrorCode::kShape, {"\"left.w\" [2]", "[3]"},
               [&] { tree.set_writer("left.w", init::constant(counting({3}))); });
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
  tree.release();
  tree.to_empty(Device::cpu());
  tree.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(LifeCycleTest, AWriterIsTriedOnMetaBeforeItWrites) {
  Tree tree;
  const Writer writes_then_misfits = [](const Tensor& tensor, RngKey) {
    fill_(tensor, -9.0);
    tensor.copy_(counting({3}, {.device = Device::cpu()}));
  };
  expect_error(ErrorCode::kShape, {"\"left.w\" [2]"},
               [&] { tree.set_writer("left.w", writes_then_misfits); });
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(LifeCycleTest, ANewWriterOfARealSlotMayReadWhatIsReal) {
  Tree tree;
  tree.set_writer("right.w", [&](const Tensor& tensor, RngKey) {
    fill_(tensor, 1.0);
    add_(tensor, tree.left.w);
    add_(tensor, ones({2}, {.device = Device::cpu()}));
  });
  EXPECT_EQ(tree.right.w.to_vector<float>(), (std::vector<float>{4.5, 4.5}));
  fill_(tree.right.w, -1.0);
  tree.reset_parameters();
  EXPECT_EQ(tree.right.w.to_vector<float>(), (std::vector<float>{4.5, 4.5}));
}

TEST(LifeCycleTest, AWriterThatFailsLaterLeavesTheOldOneInPlace) {
  Tree tree;
  const Writer unlucky = [](const Tensor& tensor, RngKey) {
    if (!tensor.is_meta()) throw Error(ErrorCode::kValue, "my_writer", "no luck");
  };
  expect_error(ErrorCode::kValue, {"no luck"}, [&] { tree.set_writer("left.w", unlucky); });
  fill_(tree.left.w, 7.0);
  tree.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(LifeCycleTest, AWriterThatLeavesElementsOutLeavesNoValuesToTheOldOne) {
  Tree tree;
  const Writer lazy = [](const Tensor& tensor, RngKey) { fill_(tensor.narrow(0, 0, 1), -9.0); };
  expect_error(ErrorCode::kWriter, {"set_writer", "\"left.w\"", "left 1 elements unwritten"},
               [&] { tree.set_writer("left.w", lazy); });
  EXPECT_EQ(tree.left.w.state(), State::kAllocated);
  materialize(tree, Device::cpu());
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(LifeCycleTest, ANewWriterDoesNotWriteToWhatIsSealed) {
  Tree tree;
  tree.left.release();
  tree.left.to_empty(Device::cpu());
  fill_(tree.left.w.narrow(0, 1, 1), 7.0);
  tree.left.seal();
  tree.set_writer("left.w", init::constant(-9.0));
  EXPECT_EQ(tree.left.w.state(), State::kPartial);
  materialize(tree, Device::cpu());
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{-9, 7}));
}

TEST(LifeCycleTest, ANewGenerationIsNotWhatIsThere) {
  Tree tree;
  tree.next_generation();
  expect_error(ErrorCode::kChanged, {"\"own\""}, [&] { tree.release(); });
  tree.reset_parameters();
  tree.release();
}

TEST(LifeCycleTest, AFailingWriterIsNamedAndTheUnfinishedAreListed) {
  struct Failing : Module {
    Failing() {
      DeviceScope scope(Device::meta());
      add_parameter("first", {2}, init::constant(1));
      add_parameter("second", {2}, [](const Tensor& tensor, RngKey) {
        if (!tensor.is_meta()) throw Error(ErrorCode::kValue, "my_writer", "no luck");
      });
      add_parameter("third", {2}, init::constant(3));
    }
  };
  Failing module;
  module.to_empty(Device::cpu());
  expect_error(ErrorCode::kValue,
               {"reset_parameters", "\"second\"", "no luck", "Unfinished: \"second\"", "\"third\""},
               [&] { module.reset_parameters(); });
  EXPECT_TRUE(module.get_parameter("first").is_initialized());
  // A value that was there before counts no more, and another kind of exception is named too.
  fill_(module.get_parameter("second"), 5.0);
  module.set_writer("third", init::constant(4));
  expect_error(ErrorCode::kValue, {"\"second\""}, [&] { module.reset_parameters(); });
  EXPECT_FALSE(module.get_parameter("second").is_initialized());
}

TEST(LifeCycleTest, ToEmptyIsAllOrNothing) {
  DeviceScope scope(Device::meta());
  struct Huge : Module {
    Tensor& small = add_parameter("small", {4}, init::constant(1));
    Tensor& huge = add_parameter("huge", {int64_t{1} << 50}, init::constant(1));
  };
  Huge module;
  const int64_t bytes = memory_stats(Device::cpu()).bytes;
  expect_error(ErrorCode::kOutOfMemory, {"to_empty", "\"huge\"", "4503599627370496 bytes"},
               [&] { module.to_empty(Device::cpu()); });
  EXPECT_TRUE(module.small.is_meta());
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes);
}

TEST(LifeCycleTest, ToEmptyAndToRefuseMeta) {
  Tree tree;
  expect_error(ErrorCode::kMeta, {"to_empty", "release()"}, [&] { tree.to_empty(Device::meta()); });
  expect_error(ErrorCode::kMeta, {"to", "release()"}, [&] { tree.to(Device::meta()); });
  EXPECT_EQ(tree.own.to_vector<float>(), (std::vector<float>{1.5, 1.5, 1.5}));
}

TEST(LifeCycleTest, ToListsAllThatHaveNoValues) {
  std::unique_ptr<Tree> tree;
  {
    DeviceScope scope(Device::meta());
    tree = std::make_unique<Tree>();
  }
  tree->left.to_empty(Device::cpu());
  expect_error(ErrorCode::kMeta, {"\"own\"", "\"right.w\"", "to_empty(cpu)"},
               [&] { tree->to(Device::cpu()); });
}

TEST(LifeCycleTest, ToDTypeConvertsFloatsAndRecomputesBuffers) {
  struct Model : Module {
    Tensor& w = add_parameter("w", {2}, init::constant(1.0));
    Tensor& count =
        add_buffer("count", {}, init::constant(300), Persistent::kYes, {.dtype = DType::kI64});
    Tensor& third = add_buffer("third", {1}, init::constant(1.0 / 3), Persistent::kNo);
  };
  Model model;
  fill_(model.w, 0.1);
  model.to(DType::kBF16);
  EXPECT_EQ(bits(model.w), bits(full({2}, 0.1, {.dtype = DType::kBF16})));
  EXPECT_EQ(model.count.item<int64_t>(), 300);
  model.to(DType::kF32);
  EXPECT_EQ(model.w.select(0, 0).item<float>(), static_cast<float>(BFloat16(0.1f)));
  // Computed anew, not widened.
  EXPECT_EQ(model.third.item<float>(), 1.0f / 3);
  expect_error(ErrorCode::kDType, {"i64"}, [&] { model.to(DType::kI64); });
}

TEST(LifeCycleTest, SealedValuesAreKeptFromWritersAndFromNothingElse) {
  Module module;
  const Tensor& a = module.add_parameter("a", {2}, init::constant(1.0));
  const Tensor& b = module.add_parameter("b", {2}, init::constant(2.0));
  fill_(a, 7.0);
  a.storage()->seal("test");
  EXPECT_EQ(module.reset_parameters(), std::vector<std::string>{"a"});
  EXPECT_EQ(a.to_vector<float>(), std::vector<float>(2, 7.0f));
  EXPECT_EQ(b.to_vector<float>(), std::vector<float>(2, 2.0f));
  fill_(a, 8.0);
  EXPECT_EQ(a.to_vector<float>(), std::vector<float>(2, 8.0f));
  expect_error(ErrorCode::kChanged, {"release", "\"a\""}, [&] { module.release(); });
  module.to(DType::kF16);
  EXPECT_TRUE(a.storage()->sealed());
  module.seal();
  expect_error(ErrorCode::kSealed, {"a, b", "unseal()"}, [&] { module.reset_parameters(); });
  module.unseal();
  module.reset_parameters();
  module.seal();
  module.release();  // as their writers left them, so nothing is lost
  EXPECT_FALSE(a.storage()->sealed());
  materialize(module, Device::cpu());
  EXPECT_EQ(a.to_vector<float>(), std::vector<float>(2, 1.0f));
}

TEST(LifeCycleTest, ASealedValueIsNotTheNewWriters) {
  Module module;
  const Tensor& w = module.add_parameter("w", {2}, init::ones());
  module.seal();
  module.set_writer("w", init::constant(9.0));
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>(2, 1.0f));
  expect_error(ErrorCode::kChanged, {"release", "unseal()"}, [&] { module.release(); });
}

TEST(LifeCycleTest, RoundedPassByPassIsNotRoundedOnce) {
  Module module;
  const Tensor& w = module.add_parameter("w", {64}, [](const Tensor& tensor, RngKey key) {
    init::normal()(tensor, key);
    tensor.copy_(mul(tensor, 0.7));
  });
  module.to(DType::kBF16);
  const auto before = bits(w);
  expect_error(ErrorCode::kChanged, {"release", "\"w\""}, [&] { module.release(); });
  EXPECT_EQ(bits(w), before);
}

// Materialize alone would not do.
TEST(LifeCycleTest, TheMendOfWhatIsMissingTellsOfMissingWriters) {
  const DeviceScope scope(Device::meta());
  Module module;
  module.add_parameter("a", {2}, init::ones());
  module.add_parameter("b", {2}, nullptr);
  const std::string mend =
      ", once these, which have no writer, have got one with set_writer(), or "
      "are loaded: \"b\" [2] f32 on meta";
  expect_error(ErrorCode::kUninitialized, {"completes them", mend},
               [&] { module.check_complete(); });
  expect_error(ErrorCode::kMeta, {"materialize(module, cpu) values" + mend},
               [&] { module.to(Device::cpu()); });
  expect_error(ErrorCode::kWriter, {"\"b\"", "set_writer()", "to_empty(device) and copy_()"},
               [&] { materialize(module, Device::cpu()); });
}

TEST(LifeCycleTest, ReleaseTellsOfConversionsAndGenerations) {
  Module converted, next;
  for (Module* const each : {&converted, &next}) each->add_parameter("w", {2}, init::normal());
  converted.to(DType::kBF16);
  expect_error(ErrorCode::kChanged, {"converted since"}, [&] { converted.release(); });
  next.next_generation();
  expect_error(ErrorCode::kChanged, {"an earlier generation"}, [&] { next.release(); });
}

TEST(LifeCycleTest, AWriteOfNoElementsChangesNothing) {
  Module module;
  const Tensor w = module.add_parameter("w", {3, 2}, init::uniform());
  const Tensor none = w.narrow(0, 0, 0);
  none.write<float>([](absl::Span<float>) {});
  fill_(none, 7.0);
  none.copy_(ones({0, 2}));
  layer_scale_index_add_(w, {}, ones({0, 2}), ones({2}), 1.0);
  layer_scale_index_add_(w.transpose(0, 1), {}, ones({0, 3}), ones({3}), 1.0);
  layer_scale_drop_path_add_(w, {}, ones({3, 2}), ones({2}), 1.0);
  EXPECT_EQ(w.storage()->writes().size(), 1u);
  module.release();
  EXPECT_TRUE(w.is_meta());
}

// b is computed from w.
struct Computing : Module {
  Computing()
      : w(add_parameter("w", {2}, init::ones())),
        b(add_buffer(
            "b", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(add(w, w)); },
            Persistent::kNo)) {}
  Tensor& w;
  Tensor& b;
};

TEST(LifeCycleTest, AnotherDTypeWithoutMemorySaysHowMuchItNeeds) {
  Module module;
  module.add_parameter("w", {1000}, init::ones());
  set_memory_limit(Device::cpu(), memory_stats(Device::cpu()).bytes + 100);
  expect_error(ErrorCode::kOutOfMemory, {"\"w\" [1000] f32", "needs 8000 bytes"},
               [&] { module.to(DType::kF64); });
  set_memory_limit(Device::cpu(), std::nullopt);
}

TEST(LifeCycleTest, WhatIsComputedFollowsANewWriter) {
  struct Parent : Module {
    Parent() { set_writer("p.w", init::constant(10.0)); }
    Computing& p = add_child<Computing>("p");
  };
  const Parent eager;
  EXPECT_EQ(eager.p.b.to_vector<float>(), std::vector<float>(2, 20.0f));
  DeviceScope scope(Device::meta());
  Parent deferred;
  materialize(deferred, Device::cpu());
  EXPECT_EQ(bits(deferred.p.b), bits(eager.p.b));
}

TEST(LifeCycleTest, WhatIsComputedIsWrittenLastAlsoInAChild) {
  struct Reader : Module {
    explicit Reader(const Tensor& w) {
      add_buffer(
          "b", {2}, [w](const Tensor& tensor, RngKey) { tensor.copy_(add(w, w)); },
          Persistent::kNo);
    }
  };
  struct Parent : Module {
    Tensor& w = add_parameter("w", {2}, init::constant(3.0));
    Reader& child = add_child<Reader>("child", w);
  };
  DeviceScope scope(Device::meta());
  Parent parent;
  parent.to_empty(Device::cpu());
  parent.reset_parameters();
  EXPECT_EQ(parent.get_buffer("child.b").to_vector<float>(), std::vector<float>(2, 6.0f));
}

// b is computed from what a child declares.
struct Doubling : Module {
  Leaf& leaf = add_child<Leaf>("leaf", 3.0);
  Tensor& b = add_buffer(
      "b", {2},
      [this](const Tensor& tensor, RngKey) {
        if (!tensor.is_meta()) tensor.copy_(add(leaf.w, leaf.w));
      },
      Persistent::kNo);
};

TEST(LifeCycleTest, WhatIsComputedWaitsForWhatWasReleased) {
  Doubling module;
  module.leaf.release();
  module.to(DType::kBF16);
  EXPECT_EQ(module.b.state(), State::kAllocated);
  EXPECT_EQ(module.b.dtype(), DType::kBF16);
  materialize(module, Device::cpu());
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 6.0f));
}

// A child's is computed before its parent's, which it reads; what waits has another chance.
TEST(LifeCycleTest, WhatIsComputedWaitsForWhatIsComputedLater) {
  Module module;
  const Tensor w = module.add_parameter("w", {2}, init::constant(3.0));
  const Tensor a = module.add_buffer(
      "a", {2}, [w](const Tensor& tensor, RngKey) { tensor.copy_(w); }, Persistent::kNo);
  const Tensor b = module.add_child<Module>("child").add_buffer(
      "b", {2}, [a](const Tensor& tensor, RngKey) { tensor.copy_(add(a, a)); }, Persistent::kNo);
  module.add_parameter("lone", {1}, nullptr);  // something that is unfinished
  module.set_writer("w", init::constant(5.0));
  EXPECT_EQ(a.to_vector<float>(), (std::vector<float>{5, 5}));
  EXPECT_EQ(b.to_vector<float>(), (std::vector<float>{10, 10}));
}

// Nothing is left that was computed from values which are gone.
TEST(LifeCycleTest, AWriterThatFailsTakesWhatWasComputedFromItsValues) {
  Module module;
  const Tensor w = module.add_parameter("w", {2}, init::constant(3.0));
  const Tensor a = module.add_buffer(
      "a", {2}, [w](const Tensor& tensor, RngKey) { tensor.copy_(w); }, Persistent::kNo);
  const Tensor b = module.add_buffer(
      "b", {2},
      [w](const Tensor& tensor, RngKey) {
        if (!tensor.is_meta() && w.select(0, 0).item<float>() == 5)
          throw Error(ErrorCode::kValue, "b", "no luck");
        tensor.copy_(w);
      },
      Persistent::kNo);
  expect_error(ErrorCode::kValue, {"no luck", "Unfinished: \"a\"", "\"b\"", "\"w\""},
               [&] { module.set_writer("w", init::constant(5.0)); });
  for (const Tensor& each : {w, a, b}) EXPECT_EQ(each.state(), State::kAllocated);
  // The next one brings all of it back.
  module.set_writer("w", init::constant(4.0));
  for (const Tensor& each : {w, a, b}) {
    EXPECT_EQ(each.to_vector<float>(), (std::vector<float>{4, 4}));
  }
}

TEST(LifeCycleTest, WhatIsComputedWaitsForMetaInAResetToo) {
  Module module;
  const Tensor q = module.add_parameter("q", {2}, init::constant(4.0));
  const Tensor p = module.add_parameter("p", {2}, init::constant(2.0), {.device = Device::meta()});
  const Tensor c =
      module.add_buffer("c", {2}, [p](const Tensor& tensor, RngKey) { tensor.copy_(p); },
                        Persistent::kNo, {.device = Device::meta()});
  const Tensor d = module.add_buffer(
      "d", {2}, [](const Tensor& tensor, RngKey) { fill_(tensor, 9.0); }, Persistent::kNo);
  // Written before d, which it reads: it has another chance.
  const Tensor e = module.add_child<Module>("child").add_buffer(
      "e", {2}, [d](const Tensor& tensor, RngKey) { tensor.copy_(d); }, Persistent::kNo);
  to_empty(c, Device::cpu());
  fill_(q, -1.0);
  fill_(d, -1.0);
  module.reset_parameters();
  EXPECT_EQ(q.to_vector<float>(), (std::vector<float>{4, 4}));
  EXPECT_EQ(d.to_vector<float>(), (std::vector<float>{9, 9}));
  EXPECT_EQ(e.to_vector<float>(), (std::vector<float>{9, 9}));
  EXPECT_EQ(c.state(), State::kAllocated);
  materialize(p, Device::cpu());
  materialize(c, Device::cpu());
  EXPECT_EQ(c.to_vector<float>(), (std::vector<float>{2, 2}));
}

TEST(LifeCycleTest, ANewWriterOfWhatWasReleasedWritesNothing) {
  Doubling module;
  module.leaf.release();
  module.set_writer("leaf.w", init::constant(5.0));
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 6.0f));
  materialize(module, Device::cpu());
  EXPECT_EQ(module.leaf.w.to_vector<float>(), std::vector<float>(2, 5.0f));
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 10.0f));
}

TEST(LifeCycleTest, ANewWriterOfWhatIsComputedRunsOnce) {
  Doubling module;
  module.set_writer("b", init::constant(8.0));
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 8.0f));
  ASSERT_EQ(module.b.storage()->writes().size(), 1u);
  EXPECT_EQ(module.b.storage()->writes()[0].count, 2);  // the old one, and this
}

TEST(LifeCycleTest, WhatIsComputedIsNotSealed) {
  Computing module;
  module.seal();
  EXPECT_TRUE(module.w.storage()->sealed());
  EXPECT_FALSE(module.b.storage()->sealed());
}

TEST(LifeCycleTest, AConvertedBufferWhoseWriterIsGoneKeepsItsValues) {
  auto bearer = std::make_unique<Module>();
  const Tensor freqs = bearer->add_buffer("freqs", {2}, init::constant(3.0), Persistent::kNo);
  Module heir;
  heir.share_buffer("freqs", freqs);
  bearer.reset();
  heir.to(DType::kBF16);
  EXPECT_EQ(freqs.to_vector<float>(), std::vector<float>(2, 3.0f));
}

TEST(LifeCycleTest, AWriterDoesNotOutliveTheModuleThatGaveIt) {
  struct Giver : Module {
    explicit Giver(double value) : given(value) {}
    double given;
  };
  Module bearer;
  const Tensor& w = bearer.add_parameter("w", {2}, init::ones());
  {
    const auto giver = std::make_unique<Giver>(4.0);
    giver->share_parameter("w", w);
    giver->set_writer(
        "w", [self = giver.get()](const Tensor& tensor, RngKey) { fill_(tensor, self->given); });
    bearer.reset_parameters();
    EXPECT_EQ(w.to_vector<float>(), std::vector<float>(2, 4.0f));
  }
  expect_error(ErrorCode::kWriter, {"\"w\"", "no writer"}, [&] { bearer.reset_parameters(); });
}

TEST(LifeCycleTest, AWriterThatFailedLeavesTheOldOneItsGiver) {
  Module bearer;
  const Tensor& w = bearer.add_parameter("w", {2}, init::ones());
  {
    Module other;
    other.share_parameter("w", w);
    const Writer fails = [](const Tensor& tensor, RngKey) {
      if (!tensor.is_meta()) throw Error(ErrorCode::kValue, "w", "fails");
    };
    expect_error(ErrorCode::kValue, {"set_writer", "w: fails"},
                 [&] { other.set_writer("w", fails); });
  }
  bearer.reset_parameters();
  EXPECT_EQ(w.to_vector<float>(), std::vector<float>(2, 1.0f));
}

TEST(LifeCycleTest, AHandleThatAWriterKeptMayOutliveTheModule) {
  Tensor kept = zeros({1});
  {
    Module module;
    module.add_parameter("w", {2}, init::ones());
    module.set_writer("w", [&](const Tensor& tensor, RngKey) {
      if (tensor.is_meta()) kept = tensor;
      fill_(tensor, 1.0);
    });
  }
  EXPECT_EQ(kept.name(), "w");
}

// A mask of what is not 0: another dtype may round to 0 what was not.
struct Masked : Module {
  Masked()
      : w(add_parameter("w", {2}, init::constant(1e-9))),
        keep(add_buffer("keep", {2},
                        [this](const Tensor& tensor, RngKey) {
                          if (tensor.is_meta()) return;
                          const std::vector<float> values = w.to_vector<float>();
                          tensor.write<bool>([&](absl::Span<bool> to) {
                            for (size_t i = 0; i < to.size(); ++i) to[i] = values[i] != 0.0f;
                          });
                        },
                        Persistent::kNo, {.dtype = DType::kBool})) {}
  Tensor& w;
  Tensor& keep;
};

TEST(LifeCycleTest, AnotherDTypeComputesBuffersOfEveryDTypeAnew) {
  Masked eager;
  EXPECT_EQ(eager.keep.to_vector<bool>(), (std::vector<bool>{true, true}));
  eager.to(DType::kF16);
  EXPECT_EQ(eager.w.to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_EQ(eager.keep.to_vector<bool>(), (std::vector<bool>{false, false}));
}

// A writer that reads a slot which is written after its own finds no old values there, or a reset
// would give other values than the next one.
TEST(LifeCycleTest, ResetParametersLetsNoWriterReadWhatIsToBeWrittenStill) {
  Module root;
  Leaf& first = root.add_child<Leaf>("first", 1.0);
  Leaf& second = root.add_child<Leaf>("second", 2.0);
  root.set_writer("first.w",
                  [&](const Tensor& tensor, RngKey) { tensor.copy_(add(second.w, second.w)); });
  fill_(second.w, 100.0);
  expect_error(ErrorCode::kUninitialized, {"\"first.w\"", "\"second.w\"", "not ready"},
               [&] { root.reset_parameters(); });
  root.set_writer("first.w", [&](const Tensor& tensor, RngKey) {
    if (tensor.is_meta()) return;
    materialize(second.w, tensor.device());
    tensor.copy_(add(second.w, second.w));
  });
  root.reset_parameters();
  EXPECT_EQ(first.w.to_vector<float>(), (std::vector<float>{4, 4}));
}

TEST(LifeCycleTest, CheckCompleteAdvisesWhatKeepsValues) {
  Tree tree;
  fill_(tree.own, -7.0);
  tree.left.release();
  expect_error(ErrorCode::kUninitialized, {"\"left.w\" [2] f32 on meta", "materialize(module"},
               [&] { tree.check_complete(); });
  materialize(tree, Device::cpu());
  tree.check_complete();
  EXPECT_EQ(tree.own.to_vector<float>(), (std::vector<float>{-7, -7, -7}));
}

TEST(LifeCycleTest, WhereAllThatIsRealIsSealedTheRestIsNamed) {
  std::unique_ptr<Tree> tree;
  {
    DeviceScope scope(Device::meta());
    tree = std::make_unique<Tree>();
  }
  load_state_dict(*tree, {{"own", counting({3})}}, {.strict = false});
  tree->scratch.storage()->release("test");
  expect_error(ErrorCode::kSealed,
               {"own", "materialize(module, device) keeps them", "\"left.w\" [2] f32 on meta"},
               [&] { tree->reset_parameters(); });
  materialize(*tree, Device::cpu());
  EXPECT_EQ(tree->own.to_vector<float>(), (std::vector<float>{1, 2, 3}));
}

TEST(LifeCycleTest, WhereAllElseIsSealedWhatIsComputedIsAReasonIfItChanged) {
  Computing module;
  fill_(module.w, 7.0);
  module.seal();
  fill_(module.b, -1.0);
  EXPECT_EQ(module.reset_parameters(), std::vector<std::string>{"w"});
  EXPECT_EQ(module.w.to_vector<float>(), std::vector<float>(2, 7.0f));
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 14.0f));
  expect_error(ErrorCode::kSealed, {"w", "unseal()"}, [&] { module.reset_parameters(); });
  module.b.storage()->release("test");
  module.to_empty(Device::cpu());
  EXPECT_EQ(module.reset_parameters(), std::vector<std::string>{"w"});
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 14.0f));
  // It may be what waits for another slot, so without values it is no reason beside one on meta.
  module.add_parameter("v", {2}, init::ones(), {.device = Device::meta()});
  fill_(module.b, -1.0);
  EXPECT_EQ(module.reset_parameters(), std::vector<std::string>{"w"});
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 14.0f));
  module.b.storage()->mark_unwritten();
  expect_error(ErrorCode::kSealed, {"w", "materialize(module", "\"v\" [2] f32 on meta"},
               [&] { module.reset_parameters(); });
  materialize(module, Device::cpu());
  EXPECT_EQ(module.b.to_vector<float>(), std::vector<float>(2, 14.0f));
}

// A slot that is a part of another module's: it is complete where that part is.
TEST(LifeCycleTest, AModuleIsCompleteWhereItsOwnPartOfATensorIs) {
  Module root;
  Tensor& whole = root.add_parameter("whole", {4}, nullptr);
  Module& child = root.add_child<Module>("child");
  child.share_parameter("part", whole.narrow(0, 1, 2));
  expect_error(ErrorCode::kUninitialized, {"view [2] of \"whole\" [4]"},
               [&] { child.check_complete(); });
  fill_(whole.narrow(0, 1, 2), 3.0);
  child.check_complete();
  expect_error(ErrorCode::kUninitialized, {"\"whole\" [4] f32 on cpu (partial)"},
               [&] { root.check_complete(); });
}

}  // namespace
}  // namespace hollow::nn
