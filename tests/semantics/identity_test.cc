// Cases 11 to 17 and 19 of docs/semantics.md; 18 is in concurrency_test.cc.

#include <memory>

#include "nn/deep_copy.h"
#include "nn/materialize.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/reduce.h"
#include "tensor/placement.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

std::unique_ptr<ToyModel> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<ToyModel>();
}

// Values that no writer of the model gives.
constexpr double kSentinel = -77.0;

TEST(IdentityTest, Case11_ToEmptyKeepsWhatIsReal) {
  const auto model = described();
  nn::Module& block = model->blocks[0];
  block.to_empty(Device::cpu());
  for (const auto& [name, tensor] : block.named_parameters()) fill_(tensor, kSentinel);
  model->to_empty(Device::cpu());
  for (const auto& [name, tensor] : block.named_parameters()) {
    EXPECT_EQ(bits(tensor), bits(full(tensor.shape(), kSentinel))) << name;
  }
  EXPECT_EQ(model->token.state(), State::kAllocated);
}

// encoder.fc and decoder.fc are one module, head.weight is encoder.fc's, and first_row is a slice.
struct TiedModel : nn::Module {
  TiedModel()
      : encoder(add_child<ToyBlock>("encoder", 6, 0.5)), decoder(add_child<nn::Module>("decoder")) {
    decoder.share_child("fc", encoder.fc);
    nn::Linear& head = add_child<nn::Linear>("head", 6, 6, nn::LinearOptions{.bias = false});
    head.share_parameter("weight", encoder.fc.weight());
    share_buffer("first_row", encoder.fc.weight().select(0, 0));
  }

  ToyBlock& encoder;
  nn::Module& decoder;
};

TEST(IdentityTest, Case12_TiesSurviveAndAreListedOnce) {
  const TiedModel eager;
  std::unique_ptr<TiedModel> model;
  {
    DeviceScope scope(Device::meta());
    model = std::make_unique<TiedModel>();
  }
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model->named_parameters()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"encoder.fc.weight", "encoder.fc.bias",
                                             "encoder.ls1.gamma", "encoder.ls2.gamma"}));
  EXPECT_EQ(model->modules().size(), 7u);     // fc once
  EXPECT_EQ(model->state_dict().size(), 7u);  // under all its names
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  nn::materialize(*model, Device::cpu());
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations + 4);
  for (const char* const name : {"encoder.fc.weight", "decoder.fc.weight", "head.weight"}) {
    EXPECT_EQ(bits(model->get_parameter(name)), bits(eager.encoder.fc.weight())) << name;
  }
  fill_(model->get_parameter("decoder.fc.weight"), kSentinel);
  EXPECT_EQ(model->get_parameter("head.weight").select(0, 2).select(0, 3).item<float>(), kSentinel);
  EXPECT_EQ(model->get_buffer("first_row").select(0, 5).item<float>(), kSentinel);
  model->to(DType::kBF16);
  EXPECT_EQ(model->get_buffer("first_row").dtype(), DType::kBF16);
}

TEST(IdentityTest, Case13_AViewIsStillThatView) {
  const auto model = described();
  const Tensor& weight = model->get_parameter("blocks.1.fc.weight");
  const Tensor view = weight.transpose(0, 1).narrow(0, 2, 3);
  const Layout layout = view.layout();
  model->to_empty(Device::cpu());
  model->reset_parameters();
  EXPECT_EQ(view.storage(), weight.storage());
  EXPECT_EQ(view.layout(), layout);
  EXPECT_EQ(view.select(0, 1).select(0, 4).item<float>(),
            weight.select(0, 4).select(0, 3).item<float>());
}

TEST(IdentityTest, Case14_AHandleTakenBeforeSeesTheValues) {
  const auto model = described();
  const Tensor handle = model->get_parameter("blocks.0.ls1.gamma");
  model->to_empty(Device::cpu());
  model->reset_parameters();
  EXPECT_EQ(handle.to_vector<float>(), std::vector<float>(6, 0.25f));
  fill_(handle, kSentinel);
  EXPECT_EQ(model->get_parameter("blocks.0.ls1.gamma").select(0, 5).item<float>(), kSentinel);
  model->to(DType::kBF16);
  EXPECT_EQ(handle.dtype(), DType::kBF16);
}

TEST(IdentityTest, Case15_MetadataSurvives) {
  const auto model = described();
  model->token.set_requires_grad(false);
  const auto before = model->state_dict();
  model->to_empty(Device::cpu());
  model->reset_parameters();
  const auto after = model->state_dict();
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].name, after[i].name);
  EXPECT_FALSE(model->token.requires_grad());
  EXPECT_TRUE(model->get_parameter("blocks.0.fc.weight").requires_grad());
  EXPECT_FALSE(model->steps.requires_grad());
}

TEST(IdentityTest, Case15_PermutedDenseStridesSurvive) {
  const Tensor permuted = empty({2, 3, 4}, {.device = Device::meta()}).permute({2, 0, 1});
  const Tensor copy = empty_like(permuted);
  EXPECT_EQ(copy.strides(), permuted.strides());
  to_empty(copy, Device::cpu());
  EXPECT_EQ(copy.strides(), (Strides{1, 12, 4}));
  copy.copy_(counting({4, 2, 3}));
  EXPECT_EQ(bits(copy.to(DType::kF16).to(DType::kF32)), bits(counting({4, 2, 3})));
  EXPECT_EQ(copy.clone().strides(), copy.strides());
}

TEST(IdentityTest, Case16_PartsAreMaterializedAlone) {
  const ToyModel whole;
  const auto model = described();
  // One tensor.
  to_empty(model->token, Device::cpu());
  EXPECT_EQ(model->token.state(), State::kAllocated);
  EXPECT_TRUE(model->mask.is_meta());
  // One level.
  model->to_empty(Device::cpu(), nn::Recurse::kNo);
  model->reset_parameters(nn::Recurse::kNo);
  EXPECT_EQ(bits(model->token), bits(whole.token));
  EXPECT_EQ(bits(model->mask), bits(whole.mask));
  EXPECT_TRUE(model->get_parameter("blocks.0.fc.weight").is_meta());
  // One subtree, the second before the first.
  model->blocks[1].to_empty(Device::cpu());
  model->blocks[1].reset_parameters();
  EXPECT_TRUE(model->get_parameter("blocks.0.fc.weight").is_meta());
  EXPECT_EQ(bits(model->get_parameter("blocks.1.fc.weight")),
            bits(whole.get_parameter("blocks.1.fc.weight")));
  // reset_parameters() reaches what is real, and leaves the rest on meta.
  fill_(model->token, kSentinel);
  model->reset_parameters();
  EXPECT_EQ(bits(model->token), bits(whole.token));
  EXPECT_TRUE(model->get_parameter("blocks.0.fc.weight").is_meta());
}

TEST(IdentityTest, Case16_MaterializeWritesOnlyWhatIsMissing) {
  const ToyModel whole;
  const auto model = described();
  // One tensor, by one of its views.
  nn::materialize(model->get_parameter("blocks.1.fc.weight").select(0, 3), Device::cpu());
  EXPECT_EQ(bits(model->get_parameter("blocks.1.fc.weight")),
            bits(whole.get_parameter("blocks.1.fc.weight")));
  EXPECT_TRUE(model->get_parameter("blocks.1.fc.bias").is_meta());
  // One level.
  nn::materialize(*model, Device::cpu(), nn::Recurse::kNo);
  EXPECT_EQ(bits(model->inv_freq), bits(whole.inv_freq));
  EXPECT_TRUE(model->get_parameter("blocks.0.fc.weight").is_meta());
  // One subtree; then what is real, in whole or in part, keeps what it has.
  nn::materialize(model->blocks[0], Device::cpu());
  const Tensor& gamma = model->get_parameter("blocks.0.ls1.gamma");
  fill_(gamma, kSentinel);
  const Tensor& half = model->get_parameter("blocks.1.ls2.gamma");
  to_empty(half, Device::cpu());
  fill_(half.narrow(0, 1, 2), kSentinel);
  nn::materialize(*model, Device::cpu());
  EXPECT_EQ(gamma.to_vector<float>(), std::vector<float>(6, kSentinel));
  EXPECT_EQ(half.to_vector<float>(),
            (std::vector<float>{1.0f, kSentinel, kSentinel, 1.0f, 1.0f, 1.0f}));
  EXPECT_EQ(bits(model->get_parameter("blocks.1.fc.bias")),
            bits(whole.get_parameter("blocks.1.fc.bias")));
}

TEST(IdentityTest, Case17_ATwinOfADeferredModuleGetsEqualValues) {
  const auto build = [] { return std::make_unique<ToyModel>(); };
  std::unique_ptr<ToyModel> model;
  {
    DeviceScope scope(Device::meta());
    RngScope rng(RngKey(7) / "teacher");
    model = build();
  }
  const auto twin = nn::deep_copy(*model, build);
  EXPECT_TRUE(twin->token.is_meta());
  nn::materialize(*model, Device::cpu());
  EXPECT_TRUE(twin->token.is_meta());
  nn::materialize(*twin, Device::cpu());
  for (const auto& [name, tensor] : model->named_parameters()) {
    EXPECT_EQ(bits(twin->get_parameter(name)), bits(tensor)) << name;
    EXPECT_NE(twin->get_parameter(name).storage(), tensor.storage()) << name;
  }
  EXPECT_NE(bits(ToyModel().token), bits(model->token));  // the key is the source's
  fill_(twin->token, kSentinel);
  EXPECT_NE(model->token.select(0, 0).select(0, 0).item<float>(), kSentinel);
}

TEST(IdentityTest, Case19_ReleaseAndResetGiveTheSameValues) {
  ToyModel model;
  const auto before = bits(model.get_parameter("blocks.1.fc.bias"));
  const int64_t bytes = memory_stats(Device::cpu()).bytes;
  model.release();
  EXPECT_LT(memory_stats(Device::cpu()).bytes, bytes);
  EXPECT_TRUE(model.token.is_meta());
  model.to_empty(Device::cpu());
  model.reset_parameters();
  EXPECT_EQ(bits(model.get_parameter("blocks.1.fc.bias")), before);
}

TEST(IdentityTest, Case19_ReleaseRefusesChangedValues) {
  ToyModel model;
  fill_(model.token.select(0, 0).select(0, 3), kSentinel);
  expect_error(ErrorCode::kChanged, {"release", "\"token\"", "clone()"}, [&] { model.release(); });
  EXPECT_EQ(model.token.select(0, 0).select(0, 3).item<float>(), kSentinel);
  EXPECT_FALSE(model.mask.is_meta());
  model.reset_parameters();
  // Rounded to bf16 and widened again: the writer would give other bits.
  model.to(DType::kBF16);
  model.to(DType::kF32);
  expect_error(ErrorCode::kChanged, {"\"token\""}, [&] { model.release(); });
}

}  // namespace
}  // namespace hollow
