#include "nn/module.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nn/init.h"
#include "tests/nn/tree.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::expect_error;

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

TEST(ModuleTest, NamesAreUniqueAmongManyToo) {
  DeviceScope scope(Device::meta());
  Module module;
  const auto slot = [](int i) { return absl::StrCat("slot", i); };
  const auto child = [](int i) { return absl::StrCat("child", i); };
  constexpr int kMany = 60;
  for (int i = 0; i < kMany; ++i) {
    module.add_parameter(slot(i), {2}, init::ones());
    module.add_child<Leaf>(child(i), 1.0);
    module.share_parameter(absl::StrCat("tied", i), module.get_parameter(slot(i)));
    module.share_child(absl::StrCat("same", i), module.get_submodule(child(i)));
    for (int k = 0; k <= i; ++k) {
      const auto refused = [&](const std::string& name) {
        expect_error(ErrorCode::kKey, {"already a slot or child"},
                     [&] { module.add_parameter(name, {2}, init::ones()); });
      };
      refused(slot(k));
      refused(child(k));
      refused(absl::StrCat("tied", k));
      refused(absl::StrCat("same", k));
    }
  }
  EXPECT_EQ(module.children().size(), size_t{kMany});
  EXPECT_EQ(module.named_slots().size(), size_t{4 * kMany});
}

TEST(ModuleTest, ApplyCallsEachFunctionOnItsClass) {
  struct Special : Leaf {
    Special() : Leaf(5.0) {}
  };
  struct Grove : Tree {
    Special& special = add_child<Special>("special");
    Grove() { share_child("again", special); }
  };
  Grove grove;
  std::vector<const Module*> leaves, specials, trees, order;
  grove.apply(
      [&](Leaf& leaf) {
        leaves.push_back(&leaf);
        order.push_back(&leaf);
      },
      [&](const Special& special) {
        specials.push_back(&special);
        order.push_back(&special);
        return 7;
      },
      [&](Tree& tree) mutable { trees.push_back(&tree); });
  EXPECT_EQ(leaves, (std::vector<const Module*>{&grove.left, &grove.right, &grove.special}));
  EXPECT_EQ(specials, (std::vector<const Module*>{&grove.special}));
  EXPECT_EQ(trees, (std::vector<const Module*>{&grove}));
  EXPECT_EQ(order, (std::vector<const Module*>{&grove.left, &grove.right, &grove.special,
                                               &grove.special}));
  // A plain function, a class that is not there, and one for every class.
  grove.apply(+[](Leaf& leaf) { leaf.set_writer("w", init::constant(9.0)); });
  EXPECT_EQ(grove.special.w.to_vector<float>(), (std::vector<float>{9, 9}));
  struct Absent : Module {};
  grove.apply([](Absent&) { ADD_FAILURE(); });
  int count = 0;
  grove.apply([&](auto& module) {
    static_assert(std::is_same_v<decltype(module), Module&>);
    ++count;
  });
  EXPECT_EQ(count, 4);
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

TEST(ModuleTest, SubmodulesByName) {
  Module root;
  Module& leaf = root.add_child<Module>("a").add_child<Module>("b");
  EXPECT_EQ(&root.get_submodule(""), &root);
  EXPECT_EQ(&root.get_submodule("a.b"), &leaf);
  expect_error(ErrorCode::kKey, {"get_submodule", "\"a.c\"", "\"a\"", "no child \"c\""},
               [&] { root.get_submodule("a.c"); });
  expect_error(ErrorCode::kKey, {"\"a.\"", "no child \"\"; it has: b"},
               [&] { root.get_submodule("a."); });
  expect_error(ErrorCode::kKey, {"it has: none"}, [&] { root.get_submodule("a.b.c"); });
}

// Names that a user's classes may well have.
struct Slot {
  int value = 1;
};
struct Child : Module {};
struct Root : Module {
  Slot slot;
  Child& child = add_child<Child>("child");
};

TEST(ModuleTest, HidesNoClassOfItsUsers) { EXPECT_EQ(Root().slot.value, 1); }

}  // namespace
}  // namespace hollow::nn
