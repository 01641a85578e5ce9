// Ties: one storage, or one module, under several names.

#include <memory>

#include "nn/init.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "tensor/ops/fill.h"
#include "tests/nn/tree.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::expect_error;

TEST(SharingTest, SharedParametersAreOneStorageUnderTwoNames) {
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

TEST(SharingTest, ASlotThatIsAViewHasTheWriterOfTheWhole) {
  Tree tree;
  Tensor& row = tree.right.share_parameter("row", tree.left.w.narrow(0, 1, 1));
  EXPECT_EQ(row.shape(), (Shape{1}));
  tree.right.set_writer("row", init::constant(6.5));
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{6.5, 6.5}));
  EXPECT_EQ(names(tree.right.named_parameters()), (Names{"w", "row"}));
}

TEST(SharingTest, SharingRefusesWhatCannotBeTied) {
  Tree tree;
  expect_error(ErrorCode::kKey, {"share_parameter", "[2] f32 on cpu", "no module"},
               [&] { tree.share_parameter("left2", zeros({2})); });
  const Tensor expanded = tree.left.w.expand({3, 2});
  expect_error(ErrorCode::kAlias,
               {"share_parameter", "[3, 2] of \"left.w\"", "expanded", "\"rows\""},
               [&] { tree.share_parameter("rows", expanded); });
  expect_error(ErrorCode::kAlias, {"share_buffer", "[3, 2] of \"left.w\"", "expanded"},
               [&] { tree.share_buffer("rows", expanded, nn::Persistent::kYes); });
  EXPECT_EQ(tree.share_buffer("rows", expanded).shape(), (Shape{3, 2}))
      << "nothing is loaded there";
  expect_error(ErrorCode::kShape, {"\"own\" [3]", "\"left.w\" [2]"},
               [&] { tree.share_parameter("own", tree.left.w); });
  Leaf half(1.0);
  half.to(DType::kF16);
  expect_error(ErrorCode::kDType, {"f16"}, [&] { tree.left.share_parameter("w", half.w); });
  EXPECT_EQ(tree.own.to_vector<float>(), (std::vector<float>{1.5, 1.5, 1.5}));
}

TEST(SharingTest, ASlotThatIsTiedElsewhereLeavesATieOfAnotherRootItsWriter) {
  Leaf other(1.0);
  {
    Tree tree;
    other.share_parameter("w", tree.right.w);
    tree.right.share_parameter("w", tree.left.w);
    fill_(other.w, -1.0);
    other.reset_parameters();
    EXPECT_EQ(other.w.to_vector<float>(), (std::vector<float>{3.5, 3.5}));
  }
  // It might hold on to the module that gave it.
  expect_error(ErrorCode::kWriter, {"\"right.w\"", "no writer"}, [&] { other.reset_parameters(); });
}

TEST(SharingTest, ATieThatIsTiedElsewhereTakesNoWriterWithIt) {
  Tree tree;
  {
    Leaf other(1.0);
    other.share_parameter("w", tree.left.w);
    other.share_parameter("w", tree.right.w);
  }
  fill_(tree.left.w, -1.0);
  tree.reset_parameters();
  EXPECT_EQ(tree.left.w.to_vector<float>(), (std::vector<float>{2.5, 2.5}));
}

TEST(SharingTest, ABufferIsNotTied) {
  Tree tree;
  expect_error(ErrorCode::kKey, {"\"scratch\"", "buffer"},
               [&] { tree.share_parameter("scratch", tree.left.w); });
}

TEST(SharingTest, AChildWithTwoNamesIsOneModule) {
  auto first = std::make_unique<Module>();
  Linear& fc = first->add_child<Linear>("fc", 2, 2);
  Module second;
  second.add_child<Module>("inner").share_child("same", fc);
  EXPECT_EQ(&second.get_submodule("inner.same"), &fc);
  EXPECT_EQ(second.modules().size(), 3u);
  int calls = 0;
  second.share_child("again", fc);
  second.apply([&](Module& module) { calls += &module == &fc ? 1 : 0; });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(second.children().size(), 2u);
  EXPECT_EQ(second.named_parameters().size(), 2u);
  EXPECT_EQ(second.state_dict().size(), 4u);
  // It outlives the parent that built it.
  first.reset();
  fill_(fc.weight(), 3.0);
  EXPECT_EQ(second.get_parameter("again.weight").select(0, 1).select(0, 1).item<float>(), 3.0f);
  second.reset_parameters();
  EXPECT_NE(fc.weight().select(0, 1).select(0, 1).item<float>(), 3.0f);
}

TEST(SharingTest, ShareChildRefusesWhatItCannotKeep) {
  Module root;
  Module& child = root.add_child<Module>("child");
  Module& grandchild = child.add_child<Module>("grandchild");
  Module other;
  expect_error(ErrorCode::kKey, {"share_child", "not built by add_child"},
               [&] { root.share_child("other", other); });
  expect_error(ErrorCode::kKey, {"share_child", "is a part of"},
               [&] { grandchild.share_child("up", child); });
  expect_error(ErrorCode::kKey, {"is a part of"}, [&] { child.share_child("self", child); });
  expect_error(ErrorCode::kKey, {"already a slot or child"},
               [&] { root.share_child("child", grandchild); });
  EXPECT_EQ(root.modules().size(), 3u);
}

TEST(SharingTest, ABufferMayBeAViewOfAnotherSlot) {
  DeviceScope scope(Device::meta());
  Module module;
  const Tensor& w = module.add_parameter("w", {3, 2}, init::constant(4.0));
  const Tensor& row = module.share_buffer("row", w.select(0, 1));
  EXPECT_EQ(module.state_dict().size(), 1u);
  materialize(module, Device::cpu());
  EXPECT_EQ(row.to_vector<float>(), std::vector<float>(2, 4.0f));
  expect_error(ErrorCode::kKey, {"share_buffer", "\"row\"", "of another kind"},
               [&] { module.share_buffer("row", w.select(0, 1), Persistent::kYes); });
  expect_error(ErrorCode::kKey, {"share_buffer", "declared by no module"},
               [&] { module.share_buffer("x", zeros({2}, {.device = Device::cpu()})); });
}

TEST(SharingTest, ASlotThatOthersAreTiedToLeavesThemItsWriter) {
  struct Tied : Module {
    Tied() {
      add_parameter("a", {2}, init::ones());
      add_parameter("c", {2}, init::constant(3.0));
      share_parameter("b", get_parameter("a"));
      share_parameter("a", get_parameter("c"));
    }
  };
  DeviceScope scope(Device::meta());
  Tied module;
  materialize(module, Device::cpu());
  EXPECT_EQ(module.get_parameter("b").to_vector<float>(), std::vector<float>(2, 1.0f));
  EXPECT_EQ(module.get_parameter("a").to_vector<float>(), std::vector<float>(2, 3.0f));
}

TEST(SharingTest, WhatIsComputedCannotBeSaved) {
  Module module;
  const Tensor b = module.add_buffer("b", {2}, init::ones(), Persistent::kNo);
  expect_error(ErrorCode::kKey, {"share_parameter", "\"b\"", "computed", "share_buffer"},
               [&] { module.share_parameter("p", b); });
  expect_error(ErrorCode::kKey, {"share_buffer", "computed"},
               [&] { module.share_buffer("p", b, Persistent::kYes); });
  module.share_buffer("p", b);
}

TEST(SharingTest, ARootIsNoChild) {
  Module module;
  const auto root = std::make_shared<Linear>(2, 2);
  expect_error(ErrorCode::kKey, {"share_child", "is a root"},
               [&] { module.share_child("fc", *root); });
}

// Shares the module in whose child it is being built.
struct Upward : Module {
  explicit Upward(Module& up) { share_child("up", up); }
};
struct TwiceUpward : Module {
  explicit TwiceUpward(Module& up) { add_child<Upward>("below", up); }
};
struct OwnChild : Module {
  OwnChild() { share_child("self", *this); }
};

TEST(SharingTest, AModuleIsNotSharedBelowItselfWhileItIsBuiltEither) {
  Module root;
  Module& middle = root.add_child<Module>("middle");
  Module& leaf = middle.add_child<Module>("leaf");
  for (Module* const up : {&middle, &leaf}) {
    expect_error(ErrorCode::kKey, {"share_child", "is a part of", "can therefore not"},
                 [&] { leaf.add_child<Upward>("x", *up); });
    expect_error(ErrorCode::kKey, {"share_child", "is a part of"},
                 [&] { leaf.add_child<TwiceUpward>("x", *up); });
  }
  expect_error(ErrorCode::kKey, {"share_child", "\"middle.own\"", "is a part of"},
               [&] { middle.add_child<OwnChild>("own"); });
  EXPECT_EQ(root.modules().size(), 3u);
  // Beside it there is no circle.
  Module& beside = root.add_child<Module>("beside");
  beside.add_child<Upward>("x", leaf);
  EXPECT_EQ(&beside.get_submodule("x.up"), &leaf);
}

// Takes over the storage of a slot which is then tied to another: before any parent lists it.
struct Heir : Module {
  Heir(Leaf& from, Leaf& to) : mine(share_parameter("mine", from.w)) {
    from.share_parameter("w", to.w);
  }
  Tensor& mine;
};

TEST(SharingTest, AModuleThatIsBeingBuiltKeepsTheWriterOfWhatItTies) {
  std::unique_ptr<Module> root;
  Heir* heir = nullptr;
  {
    DeviceScope scope(Device::meta());
    root = std::make_unique<Module>();
    Leaf& from = root->add_child<Leaf>("from", 1.0);
    Leaf& to = root->add_child<Leaf>("to", 5.0);
    heir = &root->add_child<Heir>("heir", from, to);
  }
  materialize(*root, Device::cpu());
  EXPECT_EQ(heir->mine.to_vector<float>(), (std::vector<float>{1, 1}));
  EXPECT_EQ(root->get_parameter("from.w").to_vector<float>(), (std::vector<float>{5, 5}));
}

}  // namespace
}  // namespace hollow::nn
