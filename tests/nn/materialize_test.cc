#include "nn/materialize.h"

#include <memory>

#include "nn/init.h"
#include "tensor/ops/fill.h"
#include "tensor/placement.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::expect_error;

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
                "Unfinished: \"a\" [3] f32 on cpu (partial); \"b\" [3] f32 on cpu (allocated)"},
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

}  // namespace
}  // namespace hollow::nn
