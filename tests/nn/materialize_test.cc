#include "nn/materialize.h"

#include <memory>
#include <string>
#include <vector>

#include "nn/init.h"
#include "tensor/factory.h"
#include "tensor/ops/fill.h"
#include "tensor/placement.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::box;
using hollow::testing::counting;
using hollow::testing::expect_error;
using hollow::testing::shards_of;

std::unique_ptr<Module> described() {
  DeviceScope scope(Device::meta());
  auto module = std::make_unique<Module>();
  module->add_parameter("a", {3}, init::constant(1.0));
  module->add_parameter("b", {3}, init::constant(2.0));
  return module;
}

TEST(MaterializeTest, ATensorOfNoModuleHasNoWriter) {
  expect_error(ErrorCode::kKey, {"materialize", "[2] f32 on meta", "to_empty(tensor, device)"},
               [] { materialize(empty({2}, {.device = Device::meta()}), Device::cpu()); });
  expect_error(ErrorCode::kKey, {"it has its values; to(device)"},
               [] { materialize(ones({2}), Device::cpu()); });
}

TEST(MaterializeTest, ComputesAnewWhatMayReadWhatWasMissing) {
  Module module;
  Module& child = module.add_child<Module>("child");
  const Tensor w = child.add_parameter("w", {2}, init::uniform());
  const Tensor b = module.add_buffer(
      "b", {2},
      [w](const Tensor& tensor, RngKey) {
        if (!tensor.is_meta()) tensor.copy_(w);
      },
      Persistent::kNo);
  const auto before = bits(w);
  child.release();
  child.next_generation();
  materialize(module, Device::cpu());
  EXPECT_NE(bits(w), before);
  EXPECT_EQ(bits(b), bits(w));
  // Where nothing was missing nothing is computed.
  fill_(b, -1.0);
  materialize(module, Device::cpu());
  EXPECT_EQ(b.to_vector<float>(), (std::vector<float>{-1, -1}));
}

TEST(MaterializeTest, ComputesAnewWhatIsOlderThanWhatItReads) {
  Module module;
  Module& child = module.add_child<Module>("child");
  const Tensor w = child.add_parameter("w", {2}, init::uniform());
  const Tensor b = module.add_buffer(
      "b", {2}, [w](const Tensor& tensor, RngKey) { tensor.copy_(w); }, Persistent::kNo);
  child.next_generation();
  child.reset_parameters();
  EXPECT_NE(bits(b), bits(w)) << "nobody asked the module";
  module.add_buffer("c", {2}, init::ones(), Persistent::kNo, {.device = Device::meta()});
  materialize(module, Device::cpu());
  EXPECT_EQ(bits(b), bits(w));
}

TEST(MaterializeTest, WhatNeverHadValuesOutdatesNothing) {
  DeviceScope scope(Device::meta());
  Module module;
  module.add_parameter("w", {2}, init::ones());
  const Tensor b = module.add_buffer("b", {2}, init::constant(3.0), Persistent::kNo);
  materialize(b, Device::cpu());
  materialize(module, Device::cpu());
  ASSERT_EQ(b.storage()->writes().size(), 1u);
  EXPECT_EQ(b.storage()->writes()[0].count, 1);
}

TEST(MaterializeTest, AMissingWriterChangesNothing) {
  const auto module = described();
  {
    DeviceScope scope(Device::meta());
    module->add_child<Module>("c").add_parameter("gamma", {2}, nullptr);
  }
  expect_error(ErrorCode::kWriter, {"materialize", "no writer", "\"c.gamma\" [2] f32 on meta"},
               [&] { materialize(*module, Device::cpu()); });
  EXPECT_TRUE(module->get_parameter("a").is_meta());
  // One that has its values needs none.
  to_empty(module->get_parameter("c.gamma"), Device::cpu());
  fill_(module->get_parameter("c.gamma"), 4.0);
  materialize(*module, Device::cpu());
  module->check_complete();
}

TEST(MaterializeTest, ToMetaIsRefused) {
  const auto module = described();
  expect_error(ErrorCode::kMeta, {"materialize", "release()"},
               [&] { materialize(*module, Device::meta()); });
}

TEST(MaterializeTest, AWriterThatFailsListsWhatIsUnfinishedAndCanBeReplaced) {
  const auto module = described();
  module->set_writer("a", [](const Tensor& tensor, RngKey) {
    fill_(tensor.is_meta() ? tensor : tensor.narrow(0, 0, 2), 7.0);
  });
  expect_error(ErrorCode::kWriter,
               {"materialize: the writer of \"a\"", "left 1 elements unwritten",
                "Unfinished: \"a\" [3] f32 on cpu (partial); \"b\" [3] f32 on cpu (allocated); "
                "materialize(module, device) completes them, once the cause is mended"},
               [&] { materialize(*module, Device::cpu()); });
  module->set_writer("a", init::constant(5.0));
  materialize(*module, Device::cpu());
  EXPECT_EQ(module->get_parameter("a").to_vector<float>(), std::vector<float>(3, 5.0f));
}

TEST(MaterializeTest, WritersMakeTheirTemporariesBesideTheSlot) {
  const auto module = described();
  module->set_writer("a", [](const Tensor& tensor, RngKey) { tensor.copy_(full({3}, 8.0)); });
  DeviceScope scope(Device::meta());
  materialize(*module, Device::cpu());
  EXPECT_EQ(module->get_parameter("a").to_vector<float>(), std::vector<float>(3, 8.0f));
}

TEST(MaterializeTest, AWriterThatReadsAnotherSlotMayMaterializeIt) {
  const auto module = described();
  Module* const raw = module.get();
  module->set_writer("a", [raw](const Tensor& tensor, RngKey) {
    if (tensor.is_meta()) return;
    materialize(raw->get_parameter("b"), tensor.device());
    tensor.copy_(raw->get_parameter("b"));
  });
  materialize(*module, Device::cpu());
  EXPECT_EQ(module->get_parameter("a").to_vector<float>(), std::vector<float>(3, 2.0f));
  // In a circle there is no first one.
  module->set_writer("b", [raw](const Tensor& tensor, RngKey) {
    if (tensor.is_meta()) return;
    materialize(raw->get_parameter("a"), tensor.device());
    tensor.copy_(raw->get_parameter("a"));
  });
  for (const char* const name : {"a", "b"}) module->get_parameter(name).storage()->mark_unwritten();
  expect_error(ErrorCode::kWriter, {"\"b\"", "in a circle"}, [&] { module->reset_parameters(); });
}

// --- shards ---

std::unique_ptr<Module> with_weight(const Writer& writer, Device device = Device::meta()) {
  auto module = std::make_unique<Module>();
  module->add_parameter("weight", {7, 5}, writer, {.device = device});
  return module;
}

TEST(MaterializeShardTest, IsThatPartOfTheSlotAndTheModuleStays) {
  const auto eager = with_weight(init::normal(), Device::cpu());
  const auto module = with_weight(init::normal());
  const Tensor& weight = module->get_parameter("weight");
  for (const Shard& shard : shards_of({7, 5})) {
    const Tensor part = materialize_shard(weight, shard, Device::cpu());
    EXPECT_EQ(part.shape(), shard.shape);
    EXPECT_TRUE(part.is_contiguous());
    EXPECT_EQ(bits(part), bits(box(eager->get_parameter("weight"), shard))) << shard;
    EXPECT_TRUE(weight.is_meta());
  }
}

TEST(MaterializeShardTest, TakesTheSlotsDTypeAndRequiresGradAsItDoes) {
  DeviceScope scope(Device::meta());
  Module module;
  for (const bool grad : {false, true}) {
    const Tensor& slot = module.add_parameter(grad ? "a" : "b", {4}, init::normal(),
                                              {.dtype = DType::kF16, .requires_grad = grad});
    const Tensor part = materialize_shard(slot, chunk({4}, 0, 0, 2), Device::cpu());
    EXPECT_EQ(part.dtype(), DType::kF16);
    EXPECT_EQ(part.device(), Device::cpu());
    EXPECT_EQ(part.requires_grad(), grad);
    EXPECT_EQ(part.name(), "");
  }
}

TEST(MaterializeShardTest, TheValuesAreTheInitialOnesOfTheLastWriterAndTheGeneration) {
  const Shard shard = chunk({7, 5}, 0, 1, 3);
  const auto eager = with_weight(init::uniform(), Device::cpu());
  const auto module = with_weight(init::normal(), Device::cpu());
  const Tensor& weight = module->get_parameter("weight");
  const auto part = [&] { return bits(materialize_shard(weight, shard, Device::cpu())); };
  const auto normal = part();
  module->set_writer("weight", init::uniform());
  EXPECT_NE(part(), normal);
  EXPECT_EQ(part(), bits(box(eager->get_parameter("weight"), shard)));
  // What was loaded stays where it is, and is not what a writer gives.
  fill_(weight, 42.0);
  module->seal();
  EXPECT_EQ(part(), bits(box(eager->get_parameter("weight"), shard)));
  EXPECT_EQ(bits(weight), bits(full({7, 5}, 42.0)));
  EXPECT_TRUE(weight.storage()->sealed());
  module->next_generation();
  EXPECT_NE(part(), bits(box(eager->get_parameter("weight"), shard)));
  eager->next_generation();
  eager->reset_parameters();
  EXPECT_EQ(part(), bits(box(eager->get_parameter("weight"), shard)));
}

TEST(MaterializeShardTest, TheWriterWorksBesideTheShard) {
  const auto module =
      with_weight([](const Tensor& tensor, RngKey) { tensor.copy_(counting(tensor.shape())); });
  DeviceScope scope(Device::meta());
  const Tensor part =
      materialize_shard(module->get_parameter("weight"), chunk({7, 5}, 1, 1, 5), Device::cpu());
  EXPECT_EQ(part.to_vector<int64_t>(), (std::vector<int64_t>{2, 7, 12, 17, 22, 27, 32}));
}

TEST(MaterializeShardTest, WhatIsNoSlotOrNoShardOfItIsRefused) {
  const auto module = with_weight(init::normal());
  const Tensor& weight = module->get_parameter("weight");
  const Shard shard = chunk({7, 5}, 0, 0, 2);
  const auto expect = [&](ErrorCode code, const std::vector<std::string>& parts, const Tensor& slot,
                          const Shard& of, Device device = Device::cpu()) {
    expect_error(code, parts, [&] { materialize_shard(slot, of, device); });
  };
  expect(ErrorCode::kKey,
         {"materialize_shard: tensor [7, 5] f32 on cpu", "declared by no module", "nn/init.h"},
         empty({7, 5}), shard);
  expect(ErrorCode::kShape,
         {"materialize_shard: view [4, 5] of \"weight\"", "is not all of the slot"},
         weight.narrow(0, 0, 4), whole_of({4, 5}));
  expect(ErrorCode::kShape, {"is not all of the slot in its own order"}, weight.transpose(0, 1),
         whole_of({5, 7}));
  expect(ErrorCode::kShape,
         {"materialize_shard", "[4, 5] at [0, 0] of [8, 5] is none of \"weight\" [7, 5]", "chunk"},
         weight, chunk({8, 5}, 0, 0, 2));
  expect(ErrorCode::kShape, {"materialize_shard", "does not lie in its whole"}, weight,
         {.whole = {7, 5}, .offset = {4, 0}, .shape = {4, 5}});
  expect(ErrorCode::kMeta, {"materialize_shard", "\"weight\"", "empty(shard.shape"}, weight, shard,
         Device::meta());
}

TEST(MaterializeShardTest, WritersThatFailAreNamed) {
  const Shard shard = chunk({7, 5}, 0, 0, 2);
  const auto expect = [&](ErrorCode code, const std::vector<std::string>& parts,
                          const Writer& writer) {
    const auto module = with_weight(writer);
    expect_error(code, parts,
                 [&] { materialize_shard(module->get_parameter("weight"), shard, Device::cpu()); });
  };
  expect(ErrorCode::kWriter, {"materialize_shard: \"weight\" [7, 5]", "declared by", "no writer"},
         nullptr);
  expect(ErrorCode::kValue,
         {"materialize_shard: the writer of \"weight\" failed: fill_", "2.5 does not fit into i64"},
         [](const Tensor& tensor, RngKey) {
           if (!tensor.is_meta()) fill_(empty({1}, {.dtype = DType::kI64}), 2.5);
         });
  expect(ErrorCode::kWriter,
         {"materialize_shard: the writer of \"weight\" left 5 elements unwritten of tensor [4, 5]"},
         [](const Tensor& tensor, RngKey, const Shard*) {
           if (!tensor.is_meta()) fill_(tensor.narrow(0, 0, 3), 1);
         });
}

}  // namespace
}  // namespace hollow::nn
