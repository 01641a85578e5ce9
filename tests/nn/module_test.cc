#include "nn/module.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "tensor/memory.h"
#include "tensor/ops/fill.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

struct Leaf : Module {
  explicit Leaf(double value) : w(add_parameter("w", {2}, init::constant(value))) {}
  Tensor forward(const Tensor& x) override { return x; }
  Tensor& w;
};

struct Tree : Module {
  Tensor& own = add_parameter("own", {3}, init::constant(1.5));
  Leaf& left = add_child<Leaf>("left", 2.5);
  Tensor& flag =
      add_buffer("flag", {2}, init::constant(true), Persistent::kYes, {.dtype = DType::kBool});
  Leaf& right = add_child<Leaf>("right", 3.5);
  Tensor& scratch = add_buffer("scratch", {2}, init::constant(4.5), Persistent::kNo);
};

std::vector<std::string> names(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : tensors) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

TEST(ModuleTest, ListsInTheOrderOfDeclarationOwnBeforeChildren) {
  Tree tree;
  EXPECT_EQ(names(tree.named_parameters()), (Names{"own", "left.w", "right.w"}));
  EXPECT_EQ(names(tree.named_buffers()), (Names{"flag", "scratch"}));
  EXPECT_EQ(names(tree.state_dict()), (Names{"own", "flag", "left.w", "right.w"}));
  EXPECT_EQ(tree.children(), (std::vector<Module*>{&tree.left, &tree.right}));
  EXPECT_EQ(tree.modules(), (std::vector<Module*>{&tree, &tree.left, &tree.right}));
  std::vector<Module*> applied;
  tree.apply([&](Module& module) { applied.push_back(&module); });
  EXPECT_EQ(applied, (std::vector<Module*>{&tree.left, &tree.right, &tree}));
}

TEST(ModuleTest, NamesArePathsBelowTheRoot) {
  struct Outer : Module {
    Tree& tree = add_child<Tree>("tree");
  };
  const Outer outer;
  EXPECT_EQ(outer.tree.left.path(), "tree.left");
  EXPECT_EQ(outer.tree.left.w.name(), "tree.left.w");
  EXPECT_EQ(outer.tree.left.rng_key(), RngKey(0) / "tree" / "left");
  // Asked below, the names are below.
  EXPECT_EQ(names(outer.tree.left.named_parameters()), (Names{"w"}));
  EXPECT_EQ(outer.path(), "");
  EXPECT_THAT(outer.tree.class_name(), ::testing::EndsWith("Tree"));
}

TEST(ModuleTest, AModuleBuiltInAConstructorIsARootOfItsOwn) {
  struct Holder : Module {
    Leaf& child = add_child<Leaf>("child", 1.0);
    Leaf stray{2.0};  // a member, not a child
  };
  struct Root : Module {
    Holder& holder = add_child<Holder>("holder");
  };
  const Root root;
  EXPECT_EQ(root.holder.child.path(), "holder.child");
  EXPECT_EQ(root.holder.stray.path(), "");
  EXPECT_EQ(names(root.named_parameters()), (Names{"holder.child.w"}));
}

TEST(ModuleTest, BadNamesAreRefused) {
  Tree tree;
  for (const char* const name : {"", "a.b", ".", "own", "left", "scratch"}) {
    const std::vector<std::string> parts = {"Tree", absl::StrCat("\"", name, "\"")};
    expect_error(ErrorCode::kKey, parts, [&] { tree.add_parameter(name, {1}, init::constant(1)); });
    expect_error(ErrorCode::kKey, parts,
                 [&] { tree.add_buffer(name, {1}, init::constant(1), Persistent::kYes); });
    expect_error(ErrorCode::kKey, parts, [&] { tree.add_child<Leaf>(name, 1.0); });
  }
  EXPECT_EQ(tree.state_dict().size(), 4u);
  EXPECT_EQ(tree.children().size(), 2u);
}

TEST(ModuleTest, AChildThatThrowsLeavesNothingBehind) {
  struct Bad : Module {
    Bad() {
      add_parameter("w", {2}, init::constant(1));
      throw 7;
    }
  };
  Tree tree;
  EXPECT_THROW(tree.add_child<Bad>("bad"), int);
  EXPECT_EQ(tree.children().size(), 2u);
  // The place in the tree was given up with it: the next module is a root.
  EXPECT_EQ(Leaf(1.0).path(), "");
  tree.add_child<Leaf>("bad", 1.0);
}

TEST(ModuleTest, GetFindsByQualifiedNameAndSaysWhatThereIs) {
  Tree tree;
  EXPECT_TRUE(tree.get_parameter("right.w").is_same(tree.right.w));
  EXPECT_TRUE(tree.get_buffer("flag").is_same(tree.flag));
  expect_error(ErrorCode::kKey, {"\"right.v\"", "own", "left.w"},
               [&] { (void)tree.get_parameter("right.v"); });
  expect_error(ErrorCode::kKey, {"flag", "buffer"}, [&] { (void)tree.get_parameter("flag"); });
  expect_error(ErrorCode::kKey, {"own", "parameter"}, [&] { (void)tree.get_buffer("own"); });
}

TEST(ModuleTest, SharedParametersAreOneStorageUnderTwoNames) {
  Tree tree;
  tree.right.share_parameter("w", tree.left.w);
  tree.share_parameter("alias", tree.left.w);
  fill_(tree.left.w, -8.0);
  EXPECT_EQ(tree.right.w.to_vector<float>(), (std::vector<float>{-8, -8}));
  EXPECT_EQ(names(tree.named_parameters()), (Names{"own", "alias"}));
  EXPECT_EQ(names(tree.state_dict()), (Names{"own", "flag", "alias", "left.w", "right.w"}));
  tree.right.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(ModuleTest, ASlotThatIsAViewHasTheWriterOfTheWhole) {
  Tree tree;
  Tensor& row = tree.right.share_parameter("row", tree.left.w.narrow(0, 1, 1));
  EXPECT_EQ(row.shape(), (Shape{1}));
  tree.right.set_writer("row", init::constant(6.5));
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{6.5, 6.5}));
  EXPECT_EQ(names(tree.right.named_parameters()), (Names{"w", "row"}));
}

TEST(ModuleTest, SharingRefusesWhatCannotBeTied) {
  Tree tree;
  expect_error(ErrorCode::kKey, {"share_parameter", "[2] f32 on cpu", "no module"},
               [&] { tree.share_parameter("left2", zeros({2})); });
  expect_error(ErrorCode::kShape, {"\"own\" [3]", "\"left.w\" [2]"},
               [&] { tree.share_parameter("own", tree.left.w); });
  Leaf half(1.0);
  half.to(DType::kF16);
  expect_error(ErrorCode::kDType, {"f16"}, [&] { tree.left.share_parameter("w", half.w); });
  EXPECT_EQ(tree.own.to_vector<float>(), (std::vector<float>{1.5, 1.5, 1.5}));
}

TEST(ModuleTest, AWriterDoesNotOutliveItsModule) {
  auto bearer = std::make_unique<Leaf>(2.5);
  Leaf heir(9.0);
  heir.share_parameter("w", bearer->w);
  bearer.reset();
  EXPECT_EQ(heir.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
  expect_error(ErrorCode::kWriter, {"\"w\"", "no writer"}, [&] { heir.reset_parameters(); });
}

TEST(ModuleTest, WhatHasNoWriterAnyMoreIsNotReleased) {
  auto bearer = std::make_unique<Leaf>(2.5);
  Leaf heir(9.0);
  heir.share_parameter("w", bearer->w);
  bearer.reset();
  expect_error(ErrorCode::kChanged, {"\"w\"", "have no writer"}, [&] { heir.release(); });
  EXPECT_EQ(heir.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(ModuleTest, ASlotThatIsTiedElsewhereGivesUpItsWriter) {
  // The dropped storage lives on in a handle; its writer would hold on to a module that may die.
  Tree tree;
  Leaf other(1.0);
  other.share_parameter("w", tree.right.w);
  tree.right.share_parameter("w", tree.left.w);
  expect_error(ErrorCode::kWriter, {"\"right.w\"", "no writer"}, [&] { other.reset_parameters(); });
}

TEST(ModuleTest, ABufferIsNotTied) {
  Tree tree;
  expect_error(ErrorCode::kKey, {"\"scratch\"", "buffer"},
               [&] { tree.share_parameter("scratch", tree.left.w); });
}

TEST(ModuleTest, AModuleBuiltBeforeTheBaseIsRefused) {
  struct Base : Module {
    explicit Base(const Tensor&) {}
  };
  struct Thief : Base {
    Thief() : Base(Leaf(1.0).w) {}
  };
  Tree tree;
  expect_error(ErrorCode::kKey, {"add_child", "Thief \"thief\"", "before its own base"},
               [&] { tree.add_child<Thief>("thief"); });
  EXPECT_EQ(tree.children().size(), 2u);
}

TEST(ModuleTest, ABadShapeNamesTheSlot) {
  Tree tree;
  expect_error(ErrorCode::kShape, {"add_parameter", "\"left.v\"", "[-1]"},
               [&] { tree.left.add_parameter("v", {-1}, init::zeros()); });
}

TEST(ModuleTest, AWriterThatTurnsOutToLeaveElementsIsFound) {
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

TEST(ModuleTest, AWriterCannotReplaceItselfWhileItWrites) {
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

TEST(ModuleTest, AWriterMayReplaceItselfOnMeta) {
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

TEST(ModuleTest, ZeroElementsCanBeReleased) {
  DeviceScope scope(Device::meta());
  Module module;
  module.add_parameter("w", {0, 3}, init::zeros());
  module.to_empty(Device::cpu());
  module.release();
  EXPECT_TRUE(module.get_parameter("w").is_meta());
}

TEST(ModuleTest, SetWriterWritesAtOnceAndWins) {
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

TEST(ModuleTest, AWriterThatDoesNotFitIsRefusedAndTheOldOneStays) {
  Tree tree;
  expect_error(ErrorCode::kShape, {"\"left.w\" [2]", "[3]"},
               [&] { tree.set_writer("left.w", init::constant(counting({3}))); });
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
  tree.release();
  tree.to_empty(Device::cpu());
  tree.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(ModuleTest, AWriterIsTriedOnMetaBeforeItWrites) {
  Tree tree;
  const Writer writes_then_misfits = [](const Tensor& tensor, RngKey) {
    fill_(tensor, -9.0);
    tensor.copy_(counting({3}, {.device = Device::cpu()}));
  };
  expect_error(ErrorCode::kShape, {"\"left.w\" [2]"},
               [&] { tree.set_writer("left.w", writes_then_misfits); });
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(ModuleTest, AWriterThatFailsLaterLeavesTheOldOneInPlace) {
  Tree tree;
  const Writer unlucky = [](const Tensor& tensor, RngKey) {
    if (!tensor.is_meta()) throw Error(ErrorCode::kValue, "my_writer", "no luck");
  };
  expect_error(ErrorCode::kValue, {"no luck"}, [&] { tree.set_writer("left.w", unlucky); });
  fill_(tree.left.w, 7.0);
  tree.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(ModuleTest, ANewGenerationIsNotWhatIsThere) {
  Tree tree;
  tree.next_generation();
  expect_error(ErrorCode::kChanged, {"\"own\""}, [&] { tree.release(); });
  tree.reset_parameters();
  tree.release();
}

TEST(ModuleTest, AFailingWriterIsNamedAndTheUnfinishedAreListed) {
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

TEST(ModuleTest, ToEmptyIsAllOrNothing) {
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

TEST(ModuleTest, ToEmptyAndToRefuseMeta) {
  Tree tree;
  expect_error(ErrorCode::kMeta, {"to_empty", "release()"}, [&] { tree.to_empty(Device::meta()); });
  expect_error(ErrorCode::kMeta, {"to", "release()"}, [&] { tree.to(Device::meta()); });
  EXPECT_EQ(tree.own.to_vector<float>(), (std::vector<float>{1.5, 1.5, 1.5}));
}

TEST(ModuleTest, ToListsAllThatHaveNoValues) {
  std::unique_ptr<Tree> tree;
  {
    DeviceScope scope(Device::meta());
    tree = std::make_unique<Tree>();
  }
  tree->left.to_empty(Device::cpu());
  expect_error(ErrorCode::kMeta, {"\"own\"", "\"right.w\"", "to_empty(cpu)"},
               [&] { tree->to(Device::cpu()); });
}

TEST(ModuleTest, ToDTypeConvertsFloatsAndRecomputesBuffers) {
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

TEST(ModuleTest, ForwardIsForClassesThatHaveOne) {
  Tree tree;
  expect_error(ErrorCode::kUnsupported, {"forward", "Tree"}, [&] { tree(zeros({1})); });
}

TEST(ModuleTest, RequiresGradIsForFloatingParameters) {
  Module module;
  EXPECT_TRUE(module.add_parameter("w", {1}, init::zeros()).requires_grad());
  EXPECT_FALSE(
      module.add_parameter("frozen", {1}, init::zeros(), {.requires_grad = false}).requires_grad());
  EXPECT_FALSE(
      module.add_parameter("n", {1}, init::zeros(), {.dtype = DType::kI64}).requires_grad());
}

}  // namespace
}  // namespace hollow::nn
