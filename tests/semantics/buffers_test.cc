// Cases 20 to 23 of docs/semantics.md.

#include <memory>

#include "nn/audit.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/ops/fill.h"
#include "tensor/placement.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

// Running statistics, a mask and a table that the constructor computes: all that is not learnt.
struct Statistics : nn::Module {
  Statistics()
      : running_mean(add_buffer("running_mean", {3}, nn::init::zeros(), nn::Persistent::kYes)),
        running_var(add_buffer("running_var", {3}, nn::init::ones(), nn::Persistent::kYes)),
        steps(add_buffer("num_batches_tracked", {}, nn::init::zeros(), nn::Persistent::kYes,
                         {.dtype = DType::kI64})),
        mask(add_buffer("mask", {7}, ToyModel::write_mask, nn::Persistent::kNo,
                        {.dtype = DType::kBool})),
        inv_freq(add_buffer("inv_freq", {4}, ToyModel::write_inv_freq, nn::Persistent::kNo)),
        scale(add_parameter("scale", {2}, write_scale)),
        // Computed from a parameter, so it has to follow what is loaded.
        doubled(add_buffer(
            "doubled", {2},
            [this](const Tensor& tensor, RngKey) { tensor.copy_(add(scale, scale)); },
            nn::Persistent::kNo)) {}

  static void write_scale(const Tensor& tensor, RngKey) {
    fill_(tensor.narrow(0, 0, 1), 3);
    fill_(tensor.narrow(0, 1, 1), 5);
  }

  Tensor& running_mean;
  Tensor& running_var;
  Tensor& steps;
  Tensor& mask;
  Tensor& inv_freq;
  Tensor& scale;
  Tensor& doubled;
};

std::unique_ptr<Statistics> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<Statistics>();
}

TEST(BuffersTest, Case20_ComputedBuffersEqualTheEagerOnes) {
  const Statistics eager;
  EXPECT_EQ(eager.running_var.to_vector<float>(), std::vector<float>(3, 1.0f));
  EXPECT_EQ(eager.doubled.to_vector<float>(), (std::vector<float>{6, 10}));
  const auto reset = described();
  reset->to_empty(Device::cpu());
  reset->reset_parameters();
  const auto materialized = described();
  nn::materialize(*materialized, Device::cpu());
  for (const auto& [name, buffer] : eager.named_buffers()) {
    EXPECT_EQ(bits(reset->get_buffer(name)), bits(buffer)) << name;
    EXPECT_EQ(bits(materialized->get_buffer(name)), bits(buffer)) << name;
  }
}

TEST(BuffersTest, Case21_OneOutsideTheStateDictNeedsItsFunction) {
  nn::Module module;
  expect_error(ErrorCode::kWriter, {"add_buffer", "\"mask\"", "not in the state dict"},
               [&] { module.add_buffer("mask", {3}, nullptr, nn::Persistent::kNo); });
  EXPECT_TRUE(module.named_buffers().empty());
}

TEST(BuffersTest, Case21_ItIsRightAfterALoadAlone) {
  Statistics source;
  source.scale.copy_(counting({2}, {}, 40));
  fill_(source.running_var, 9);
  const auto model = described();
  const nn::LoadReport report = nn::load_state_dict(*model, source.state_dict());
  EXPECT_EQ(report.computed, (std::vector<std::string>{"mask", "inv_freq", "doubled"}));
  EXPECT_EQ(bits(model->mask), bits(source.mask));
  EXPECT_EQ(bits(model->inv_freq), bits(source.inv_freq));
  EXPECT_EQ(model->doubled.to_vector<float>(), (std::vector<float>{80, 82}));
  EXPECT_EQ(model->running_var.to_vector<float>(), std::vector<float>(3, 9.0f));
  model->check_complete();
}

TEST(BuffersTest, Case21_ItIsRightAfterAnotherDType) {
  Statistics model;
  model.to(DType::kBF16);
  EXPECT_EQ(model.inv_freq.dtype(), DType::kBF16);
  EXPECT_EQ(bits(model.inv_freq), bits(Statistics().inv_freq.to(DType::kBF16)));
  model.to(DType::kF32);  // computed anew, not widened
  EXPECT_EQ(bits(model.inv_freq), bits(Statistics().inv_freq));
}

TEST(BuffersTest, Case22_IntegerAndBoolBuffersToo) {
  const auto model = described();
  EXPECT_TRUE(model->mask.is_meta());
  nn::materialize(*model, Device::cpu());
  EXPECT_EQ(model->steps.item<int64_t>(), 0);
  EXPECT_EQ(model->mask.to_vector<bool>(),
            (std::vector<bool>{true, false, false, true, false, false, true}));
  fill_(model->steps, 12);
  fill_(model->mask, false);
  const auto resumed = described();
  nn::load_state_dict(*resumed, model->state_dict());
  EXPECT_EQ(resumed->steps.item<int64_t>(), 12);
  EXPECT_EQ(resumed->mask.to_vector<bool>()[3], true);  // computed, not loaded
}

// rope is a plain member: no to_empty and no reset will ever reach it.
struct WithPlainMember : nn::Module {
  WithPlainMember() : ls(add_child<Inner>("inner")), rope(zeros({5, 2})) {}

  struct Inner : nn::Module {
    Inner() : weight(add_parameter("weight", {2}, nn::init::ones())), cache(empty({3})) {}
    Tensor& weight;
    Tensor cache;
  };

  Inner& ls;
  Tensor rope;
};

// Holds on to what was a slot: before a tie, or in a module that is gone.
struct HoldsOrphans : nn::Module {
  nn::Linear& one = add_child<nn::Linear>("one", 2, 2);
  nn::Linear& two = add_child<nn::Linear>("two", 2, 2);
  Tensor before_the_tie = two.weight();
  Tensor of_a_dead_root = nn::Linear(3, 3).weight();
  Tensor of_a_dead_tie = [] {
    nn::Module root;
    const Tensor w = root.add_parameter("w", {4}, nullptr);
    root.share_parameter("w", root.add_parameter("u", {4}, nullptr));
    return w;
  }();
  HoldsOrphans() { two.share_parameter("weight", one.weight()); }
};

TEST(BuffersTest, Case23_AHandleOnWhatIsNoSlotAnyMoreIsReported) {
  std::unique_ptr<HoldsOrphans> model;
  {
    const DeviceScope scope(Device::meta());
    model = std::make_unique<HoldsOrphans>();
  }
  nn::materialize(*model, Device::cpu());
  EXPECT_TRUE(model->before_the_tie.is_meta());
  const nn::Audit audit = nn::audit(*model);
  ASSERT_EQ(audit.unlisted.size(), 3u);
  EXPECT_THAT(to_string(audit), ::testing::HasSubstr("\"two.weight\" [2, 2] f32 on meta"));
  EXPECT_THAT(to_string(audit), ::testing::HasSubstr("is no slot any more"));
  // A tie makes it a slot again.
  model->share_parameter("held", model->before_the_tie);
  EXPECT_EQ(nn::audit(*model).unlisted.size(), 2u);
}

TEST(BuffersTest, Case23_ATieAfterTheScopeLeavesWhatIsReportedToo) {
  std::unique_ptr<nn::Linear> model;
  {
    const DeviceScope scope(Device::meta());
    model = std::make_unique<nn::Linear>(2, 2);
  }
  const Tensor before = model->weight();
  nn::Module root;
  nn::Linear& other = root.add_child<nn::Linear>("other", 2, 2);
  model->share_parameter("weight", other.weight());
  nn::materialize(*model, Device::cpu());
  ASSERT_EQ(nn::audit(*model).unlisted.size(), 1u);
  EXPECT_TRUE(nn::audit(*model).unlisted[0].tensor.is_same(before));
}

// The scope need not be the root's.
TEST(BuffersTest, Case23_EveryScopeThatATreeIsBuiltInIsSearched) {
  struct Inner : nn::Module {
    Tensor plain = zeros({3});
  };
  struct OpensAScope : nn::Module {
    OpensAScope() {
      const DeviceScope scope(Device::meta());
      add_child<Inner>("inner");
    }
  };
  const OpensAScope opens;
  ASSERT_EQ(nn::audit(opens).unlisted.size(), 1u);
  EXPECT_EQ(nn::audit(opens).unlisted[0].within, "inner");
  std::unique_ptr<nn::Module> grown;
  {
    const DeviceScope scope(Device::meta());
    grown = std::make_unique<nn::Module>();
  }
  {
    const DeviceScope scope(Device::meta());
    grown->add_child<Inner>("inner");
  }
  EXPECT_EQ(nn::audit(*grown).unlisted.size(), 1u);
}

TEST(BuffersTest, Case23_APlainMemberIsReportedWhileItIsOnMeta) {
  std::unique_ptr<WithPlainMember> model;
  {
    DeviceScope scope(Device::meta());
    const Tensor dead = zeros({4});
    model = std::make_unique<WithPlainMember>();
  }
  nn::materialize(*model, Device::cpu());
  nn::Audit audit = nn::audit(*model);
  ASSERT_EQ(audit.unlisted.size(), 2u);
  EXPECT_TRUE(audit.unlisted[0].tensor.is_same(model->ls.cache));
  EXPECT_EQ(audit.unlisted[0].op, "empty");
  EXPECT_EQ(audit.unlisted[0].within, "inner");
  EXPECT_TRUE(audit.unlisted[1].tensor.is_same(model->rope));
  EXPECT_FALSE(audit.ok());
  EXPECT_THAT(to_string(audit), ::testing::HasSubstr("[5, 2] f32 on meta, made by zeros()"));
  audit = nn::Audit();  // which kept them alive
  model->rope = zeros({5, 2});
  audit = nn::audit(*model);
  ASSERT_EQ(audit.unlisted.size(), 1u);
  to_empty(model->ls.cache, Device::cpu());
  EXPECT_TRUE(nn::audit(*model).ok()) << to_string(nn::audit(*model));
  EXPECT_TRUE(nn::audit(WithPlainMember()).unlisted.empty());  // eager ones have memory
}

}  // namespace
}  // namespace hollow
