// Cases 24, 25 and 28 of docs/semantics.md: which random values, and on what they depend.

#include <barrier>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"
#include "tensor/threads.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;

std::unique_ptr<ToyModel> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<ToyModel>();
}

void expect_equal(const nn::Module& a, const nn::Module& b) {
  const auto tensors_a = a.state_dict();
  const auto tensors_b = b.state_dict();
  ASSERT_EQ(tensors_a.size(), tensors_b.size());
  for (size_t i = 0; i < tensors_a.size(); ++i) {
    EXPECT_EQ(bits(tensors_a[i].tensor), bits(tensors_b[i].tensor)) << tensors_a[i].name;
  }
}

TEST(RandomnessTest, Case24_EagerEqualsDeferred) {
  const ToyModel eager;
  const auto deferred = described();
  deferred->to_empty(Device::cpu());
  deferred->reset_parameters();
  expect_equal(eager, *deferred);
  EXPECT_EQ(bits(eager.inv_freq), bits(deferred->inv_freq));
}

// A parent that has its own idea of a child's weights, as a vision transformer has.
struct Opinionated : nn::Module {
  nn::Linear& fc = add_child<nn::Linear>("fc", 7, 9);

  Opinionated() {
    fc.set_writer("weight", nn::init::trunc_normal({.std = 0.02}));
    set_writer("fc.bias", nn::init::constant(0.125));
  }
};

TEST(RandomnessTest, Case24_AParentHasTheLastWord) {
  const Opinionated eager;
  EXPECT_NE(bits(eager.fc.weight()), bits(nn::Linear(7, 9).weight()));
  EXPECT_EQ(eager.fc.bias()->to_vector<float>(), std::vector<float>(9, 0.125f));

  std::unique_ptr<Opinionated> deferred;
  {
    DeviceScope scope(Device::meta());
    deferred = std::make_unique<Opinionated>();
  }
  deferred->to_empty(Device::cpu());
  deferred->fc.reset_parameters();  // the child alone knows the parent's writer
  expect_equal(eager, *deferred);
}

// The same by class, for all that is below.
struct Scheme : nn::Module {
  ToyModel& model = add_child<ToyModel>("model");

  Scheme() {
    apply([](nn::Linear& linear) { linear.set_writer("weight", nn::init::xavier_normal()); },
          [](nn::LayerScale& ls) { ls.set_writer("gamma", nn::init::uniform(1, 2)); },
          [](ToyModel& toy) { toy.set_writer("token", nn::init::constant(3)); });
  }
};

TEST(RandomnessTest, Case24_AParentsWordForAClassReachesAllOfIt) {
  const Scheme eager;
  RngScope same_names(RngKey(0) / "model");
  const ToyModel plain;
  for (const auto& [name, tensor] : eager.model.named_parameters()) {
    const bool is_bias = absl::EndsWith(name, "bias");
    EXPECT_EQ(bits(tensor) == bits(plain.get_parameter(name)), is_bias) << name;
    const Tensor expected = empty_like(tensor);
    const RngKey key = RngKey(0) / "model" / name;
    if (absl::EndsWith(name, "weight")) nn::init::xavier_normal_(expected, {}, key);
    if (absl::EndsWith(name, "gamma")) uniform_(expected, 1, 2, key);
    if (absl::EndsWith(name, "token")) fill_(expected, 3);
    if (is_bias) continue;
    EXPECT_EQ(bits(tensor), bits(expected)) << name;
  }

  std::unique_ptr<Scheme> deferred;
  {
    RngScope root(RngKey(0));
    DeviceScope scope(Device::meta());
    deferred = std::make_unique<Scheme>();
  }
  deferred->to_empty(Device::cpu());
  deferred->model.reset_parameters();
  expect_equal(eager, *deferred);
}

TEST(RandomnessTest, Case25_AnyOrderAndSubsetGiveTheSameValues) {
  const ToyModel eager;
  const auto model = described();
  for (const int64_t i : {1, 0}) {
    model->blocks[i].to_empty(Device::cpu());
    model->blocks[i].reset_parameters();
  }
  model->to_empty(Device::cpu(), nn::Recurse::kNo);
  model->reset_parameters(nn::Recurse::kNo);
  expect_equal(eager, *model);
}

TEST(RandomnessTest, Case25_AnyThreadCountGivesTheSameValues) {
  const int before = num_threads();
  std::set<std::vector<uint64_t>> distinct;
  for (const int count : {1, 2, 3, 8}) {
    set_num_threads(count);
    distinct.insert(bits(randn({123, 457}, RngKey(5))));
  }
  set_num_threads(before);
  EXPECT_EQ(distinct.size(), 1u);
}

TEST(RandomnessTest, Case25_ManyThreadsAtOnceGiveTheSameValues) {
  const ToyModel eager;
  constexpr int kThreads = 4;
  std::vector<std::unique_ptr<ToyModel>> models(kThreads);
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (auto& model : models) {
    threads.emplace_back([&start, &model] {
      start.arrive_and_wait();
      model = described();
      model->to_empty(Device::cpu());
      model->reset_parameters();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& model : models) expect_equal(eager, *model);
}

TEST(RandomnessTest, Case28_EqualShapesNeverShareAStream) {
  nn::Sequential layers;
  for (int i = 0; i < 8; ++i) layers.append<nn::Linear>(16, 16, nn::LinearOptions{.bias = false});
  std::set<std::vector<uint64_t>> distinct;
  for (const auto& [name, tensor] : layers.named_parameters()) distinct.insert(bits(tensor));
  EXPECT_EQ(distinct.size(), 8u);
}

TEST(RandomnessTest, Case28_RunningAgainReproduces) {
  ToyModel model;
  const auto before = bits(model.token);
  model.token.copy_(zeros({1, 6}));
  model.reset_parameters();
  EXPECT_EQ(bits(model.token), before);
}

TEST(RandomnessTest, Case28_ANewGenerationDiffers) {
  ToyModel model;
  const auto before = bits(model.token);
  model.next_generation();
  EXPECT_EQ(bits(model.token), before);
  model.reset_parameters();
  EXPECT_NE(bits(model.token), before);
  EXPECT_EQ(bits(model.token), bits([&] {
              const Tensor t = empty({1, 6});
              trunc_normal_(t, 0, 0.02, -2, 2, (RngKey(0) / "token").with_generation(1));
              return t;
            }()));
}

TEST(RandomnessTest, Case28_SeedsAndKeysTellRootsApart) {
  const nn::Linear teacher(4, 4);
  const nn::Linear student(4, 4);
  EXPECT_EQ(bits(teacher.weight()), bits(student.weight()));
  std::set<std::vector<uint64_t>> distinct = {bits(teacher.weight())};
  {
    RngScope scope(RngKey(0) / "teacher");
    distinct.insert(bits(nn::Linear(4, 4).weight()));
  }
  manual_seed(1);
  distinct.insert(bits(nn::Linear(4, 4).weight()));
  manual_seed(0);
  EXPECT_EQ(distinct.size(), 3u);
  EXPECT_EQ(bits(nn::Linear(4, 4).weight()), bits(teacher.weight()));
}

TEST(RandomnessTest, Case27_LowPrecisionIsRoundedF32) {
  const Tensor f32 = randn({1000}, RngKey(3));
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF64}) {
    EXPECT_EQ(bits(randn({1000}, RngKey(3), {.dtype = dtype})), bits(f32.to(dtype)));
  }
}

}  // namespace
}  // namespace hollow
