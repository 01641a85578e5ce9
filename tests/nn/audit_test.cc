#include "nn/audit.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/factory.h"
#include "tensor/ops/fill.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

TEST(AuditTest, IsALineForEachFinding) {
  struct Net : Module {
    Net() {
      add_parameter("gamma", {4}, init::ones());
      add_parameter("weight", {2, 3}, init::ones());
      add_parameter("bias", {2}, nullptr);
      share_parameter("tied", get_parameter("weight"));
    }
  };
  Net net;
  EXPECT_EQ(to_string(audit(net)),
            "1 of 3 entries are not as their writers or a load left them:\n"
            "  bias    never written   \"bias\" [2] f32 on cpu (allocated): has no writer\n");
  fill_(net.get_parameter("bias").narrow(0, 1, 1), 3);
  fill_(net.get_parameter("weight"), 3);
  EXPECT_EQ(to_string(audit(net)),
            "2 of 3 entries are not as their writers or a load left them:\n"
            "  weight  overwritten     \"weight\" [2, 3] f32 on cpu (initialized): written by: "
            "writer 1, fill_ 1; also tied\n"
            "  bias    partly written  \"bias\" [2] f32 on cpu (partial): 1 of 2 elements never: "
            "[0, 1); written by: fill_ 1; has no writer\n");
}

TEST(AuditTest, AWriteThatEndsHalfWayIsAnOverwrite) {
  Module net;
  const Tensor w = net.add_parameter("w", {2}, init::ones());
  const auto fails = [&] {
    w.write<float>([](absl::Span<float> values) {
      values[0] = 8;
      throw 1;
    });
  };
  EXPECT_THROW(fails(), int);
  EXPECT_EQ(w.to_vector<float>(), (std::vector<float>{8, 1}));
  EXPECT_EQ(
      to_string(audit(net)),
      "1 of 1 entries are not as their writers or a load left them:\n"
      "  w  overwritten     \"w\" [2] f32 on cpu (initialized): written by: writer 1, write 1\n");
  EXPECT_THROW(net.release(), Error);
  // What had no values has none.
  Module other;
  const Tensor v = other.add_parameter("v", {2}, nullptr);
  EXPECT_THROW(v.write<float>([](absl::Span<float>) { throw 1; }), int);
  EXPECT_EQ(v.state(), State::kAllocated);
}

// h is the first half of w, so that a load may bring back a part.
struct Halved : Module {
  Tensor& w = add_parameter("w", {4}, init::ones());
  Tensor& h = share_parameter("h", w.narrow(0, 0, 2));
  Tensor& other = add_parameter("other", {2}, init::ones());
};

TEST(AuditTest, WhatOpsWroteIsRestoredInParts) {
  const StateDict saved = {{"h", zeros({2})}};
  const LoadOptions lenient = {.strict = false};
  Halved net;
  fill_(net.h, 7);
  fill_(net.w.narrow(0, 1, 2), 7);
  EXPECT_EQ(audit(net).names(Finding::kOverwritten), (std::vector<std::string>{"w"}));
  load_state_dict(net, saved, lenient);  // all but element 2
  EXPECT_EQ(audit(net).names(Finding::kOverwritten), (std::vector<std::string>{"w"}));
  fill_(net.h, 7);
  net.unseal();
  net.reset_parameters();
  EXPECT_TRUE(audit(net).ok());
  fill_(net.h.narrow(0, 1, 1), 7);
  load_state_dict(net, saved, lenient);
  EXPECT_TRUE(audit(net).ok()) << to_string(audit(net));
  fill_(net.w, 7);
  load_state_dict(net, saved, lenient);
  EXPECT_EQ(audit(net).names(Finding::kOverwritten), (std::vector<std::string>{"w"}));
}

// The op's values are gone with the failure: what is there then is the writer's alone.
TEST(AuditTest, AWriterThatLeavesElementsOutLeavesNothingOfAnOp) {
  bool all = true;
  Module net;
  const Tensor w = net.add_parameter("w", {4}, [&](const Tensor& tensor, RngKey) {
    fill_(all ? tensor : tensor.narrow(0, 0, 2), 3);
  });
  fill_(w, 7);
  all = false;
  EXPECT_THROW(net.reset_parameters(), Error);
  all = true;
  materialize(net, Device::cpu());
  EXPECT_TRUE(audit(net).ok()) << to_string(audit(net));
}

TEST(AuditTest, WhatAnOpWroteMayBeLoadedAndTheRestInitialized) {
  std::unique_ptr<Halved> net;
  {
    const DeviceScope meta(Device::meta());
    net = std::make_unique<Halved>();
  }
  net->to_empty(Device::cpu());
  fill_(net->h, 7);
  EXPECT_EQ(audit(*net).names(Finding::kPartlyWritten), (std::vector<std::string>{"w"}));
  load_or_init(*net, {{"h", zeros({2})}});
  EXPECT_TRUE(audit(*net).ok()) << to_string(audit(*net));
}

TEST(AuditTest, OfNothingIsFine) {
  EXPECT_TRUE(audit(Module()).ok());
  EXPECT_EQ(to_string(audit(Module())), "all 0 entries are as their writers or a load left them\n");
}

TEST(AuditTest, SaysWhoDeclaredAndWhatIsSealed) {
  struct Inner : Module {
    Inner() { add_parameter("w", {2}, init::ones()); }
  };
  Module root;
  root.add_child<Inner>("inner").seal();
  const Audit report = audit(root);
  ASSERT_EQ(report.entries.size(), 1u);
  EXPECT_EQ(report.entries[0].name(), "inner.w");
  EXPECT_THAT(report.entries[0].declared_by, ::testing::HasSubstr("Inner \"inner\""));
  EXPECT_TRUE(report.entries[0].sealed);
  EXPECT_TRUE(report.entries[0].has_writer);
}

TEST(AuditTest, ReleaseAndResetEndAnOverwrite) {
  Module module;
  const Tensor w = module.add_parameter("w", {2}, init::ones());
  fill_(w, 3);
  EXPECT_FALSE(audit(module).ok());
  module.reset_parameters();
  EXPECT_TRUE(audit(module).ok());
  module.release();
  EXPECT_EQ(audit(module).names(Finding::kNeverWritten), std::vector<std::string>{"w"});
}

}  // namespace
}  // namespace hollow::nn
