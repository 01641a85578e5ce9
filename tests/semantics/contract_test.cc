// Cases 35 and 37 of docs/semantics.md: what is missing is named, all of it, at once.

#include <memory>

#include "nn/materialize.h"
#include "tensor/ops/fill.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::expect_error;

struct Forgetful : nn::Module {
  Tensor& scale = add_parameter("scale", {3}, nullptr);
  Tensor& count = add_buffer("count", {2}, nullptr, nn::Persistent::kYes);
  Tensor& shift = add_parameter("shift", {3}, nn::init::constant(4.5));
};

TEST(ContractTest, Case35_ASlotWithoutAWriterFailsByClassAndName) {
  nn::Module root;
  Forgetful& child = root.add_child<Forgetful>("head");
  fill_(child.shift, -1.0);
  expect_error(ErrorCode::kWriter,
               {"reset_parameters", "Module", "\"head.scale\" [3] f32 on cpu (allocated)",
                "\"head.count\" [2]", "set_writer()"},
               [&] { root.reset_parameters(); });
  expect_error(ErrorCode::kWriter, {"Forgetful \"head\""}, [&] { child.reset_parameters(); });
  // Nothing was written before it was thrown.
  EXPECT_EQ(child.shift.to_vector<float>(), (std::vector<float>{-1, -1, -1}));
}

TEST(ContractTest, Case35_AContainerWithoutStatePasses) {
  nn::Sequential empty_row;
  empty_row.append<nn::ModuleList>();
  empty_row.to_empty(Device::cpu());
  empty_row.reset_parameters();
  empty_row.check_complete();
}

TEST(ContractTest, Case35_ANonPersistentBufferWithoutAWriterIsRefused) {
  nn::Module module;
  expect_error(ErrorCode::kWriter, {"add_buffer", "\"freqs\"", "function that computes it"},
               [&] { module.add_buffer("freqs", {3}, nullptr, nn::Persistent::kNo); });
  EXPECT_TRUE(module.named_buffers().empty());
}

TEST(ContractTest, Case35_AWriterMustWriteItsWholeSlot) {
  nn::Module module;
  const Writer half = [](const Tensor& tensor, RngKey) { fill_(tensor.narrow(0, 0, 2), 1.0); };
  expect_error(ErrorCode::kWriter, {"\"w\" [5] f32 on cpu (partial)", "left 3 elements unwritten"},
               [&] { module.add_parameter("w", {5}, half); });
  EXPECT_TRUE(module.named_parameters().empty());
}

TEST(ContractTest, Case37_CheckCompleteListsAllOffenders) {
  std::unique_ptr<ToyModel> model;
  {
    DeviceScope scope(Device::meta());
    model = std::make_unique<ToyModel>();
  }
  model->to_empty(Device::cpu(), nn::Recurse::kNo);
  fill_(model->steps, 1);
  fill_(model->token.narrow(1, 0, 2), 1.0);
  try {
    model->check_complete();
    ADD_FAILURE();
  } catch (const Error& error) {
    for (const char* const part :
         {"not initialized (11 in all)", "\"token\" [1, 6] f32 on cpu (partial)",
          "\"mask\" [6] bool on cpu (allocated)", "\"blocks.0.ls1.gamma\" [6] f32 on meta",
          "\"blocks.1.fc.bias\"", "\"inv_freq\""}) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
    }
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("\"steps\"")));
  }
  model->to_empty(Device::cpu());
  model->reset_parameters();
  model->check_complete();
}

TEST(ContractTest, Case37_AForwardListsAllOffendersOfItsRoot) {
  ToyModel model;
  const Tensor x = counting({2, 6});
  model(x);
  // Two holes: one that the forward meets, and one that it does not.
  model.blocks[1].release();
  model.blocks[1].to_empty(Device::cpu());
  expect_error(ErrorCode::kUninitialized,
               {"linear", "\"blocks.1.fc.weight\" [6, 6] f32 on cpu (allocated)",
                "\"blocks.1.fc.bias\" (allocated)", "\"blocks.1.ls1.gamma\" (allocated)",
                "\"blocks.1.ls2.gamma\" (allocated)"},
               [&] { model(x); });
}

TEST(ContractTest, Case37_AForwardOfAModelOnMetaListsAllOffendersToo) {
  std::unique_ptr<ToyModel> model;
  {
    DeviceScope scope(Device::meta());
    model = std::make_unique<ToyModel>();
  }
  nn::materialize(model->blocks[0], Device::cpu());
  expect_error(ErrorCode::kDevice,
               {"different devices", "\"token\" [1, 6] f32 on meta, declared by hollow::ToyModel",
                "materialize(module, device)", "\"blocks.1.fc.bias\" (meta)",
                "\"blocks.1.ls2.gamma\" (meta)"},
               [&] {
                 (*model)(counting({2, 6}));
               });
}

}  // namespace
}  // namespace hollow
