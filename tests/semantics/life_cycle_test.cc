// Cases 1 to 10 of docs/semantics.md.

#include <barrier>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "tensor/format.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tensor/placement.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

template <typename M, typename... Args>
std::unique_ptr<M> on_meta(Args&&... args) {
  DeviceScope scope(Device::meta());
  return std::make_unique<M>(std::forward<Args>(args)...);
}

TEST(LifeCycleTest, Case01_MetaConstructionAllocatesNothing) {
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  const auto model = on_meta<nn::Sequential>();
  {
    DeviceScope scope(Device::meta());
    for (int i = 0; i < 40; ++i) model->append<nn::Linear>(50'000, 50'000);
  }
  int64_t parameters = 0;
  for (const auto& [name, tensor] : model->named_parameters()) parameters += tensor.numel();
  EXPECT_EQ(parameters, 40 * (50'000LL * 50'000 + 50'000));  // 100 G
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations);
  EXPECT_EQ(memory_stats(Device::meta()).bytes, 0);
  EXPECT_EQ(model->get_parameter("39.weight").nbytes(), 10'000'000'000);
}

TEST(LifeCycleTest, Case01_MetaComputationAllocatesNothing) {
  const auto model = on_meta<nn::Linear>(50'000, 50'000);
  const Tensor x = empty({1'000'000, 50'000}, {.device = Device::meta()});
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  EXPECT_EQ((*model)(x).shape(), (Shape{1'000'000, 50'000}));
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations);
}

TEST(LifeCycleTest, Case02_LeavingAScopeRestoresTheDefaultDevice) {
  EXPECT_EQ(default_device(), Device::cpu());
  {
    DeviceScope outer(Device::meta());
    try {
      DeviceScope inner(Device::cuda(1));
      EXPECT_EQ(default_device(), Device::cuda(1));
      throw 1;
    } catch (int) {
    }
    EXPECT_EQ(default_device(), Device::meta());
    std::thread([] { EXPECT_EQ(default_device(), Device::cpu()); }).join();
  }
  EXPECT_EQ(default_device(), Device::cpu());
}

TEST(LifeCycleTest, Case03_AnExplicitDeviceInTheScopeIsHonoured) {
  struct Mixed : nn::Module {
    Tensor& here = add_parameter("here", {3}, nn::init::constant(7.5), {.device = Device::cpu()});
    Tensor& later = add_parameter("later", {3}, nn::init::constant(0.5));
  };
  const auto model = on_meta<Mixed>();
  EXPECT_FALSE(model->here.is_meta());
  EXPECT_TRUE(model->later.is_meta());
  const void* const data = model->here.data<float>();
  fill_(model->here, -3.0);  // no writer would give these back
  model->to_empty(Device::cpu());
  EXPECT_EQ(model->here.data<float>(), data);
  EXPECT_EQ(model->here.to_vector<float>(), (std::vector<float>{-3, -3, -3}));
  EXPECT_EQ(model->later.state(), State::kAllocated);
}

TEST(LifeCycleTest, Case04_InPlaceWritesOnMetaDoNothing) {
  const Tensor t = empty({4}, {.device = Device::meta()});
  fill_(t, 1.0);
  uniform_(t, 0, 1, RngKey(1));
  normal_(t, 0, 1, RngKey(1));
  trunc_normal_(t, 0, 1, -2, 2, RngKey(1));
  t.copy_(counting({4}));
  add_(t, t);
  EXPECT_EQ(t.state(), State::kMeta);
  to_empty(t, Device::cpu());
  EXPECT_EQ(t.state(), State::kAllocated);
  // What was drawn on meta has used up nothing.
  uniform_(t, 0, 1, RngKey(1));
  EXPECT_EQ(bits(t), bits(rand({4}, RngKey(1))));
}

// Every op is in the table of tests/parity; this is the rule in small.
TEST(LifeCycleTest, Case05_MetaAgreesWithARealDevice) {
  const Tensor real = layer_scale(counting({2, 0, 3}), counting({3}));
  const Tensor meta = layer_scale(empty({2, 0, 3}, {.device = Device::meta()}),
                                  empty({3}, {.device = Device::meta()}));
  EXPECT_EQ(meta.shape(), real.shape());
  EXPECT_EQ(meta.strides(), real.strides());
  EXPECT_EQ(meta.dtype(), real.dtype());
  for (const Device device : {Device::cpu(), Device::meta()}) {
    expect_error(ErrorCode::kShape, {"add", "[2] and [3] do not broadcast"},
                 [&] { add(empty({2}, {.device = device}), empty({3}, {.device = device})); });
  }
}

// What throws on meta, of shapes, dtypes and aliases, is what throws where nothing was written yet.
TEST(LifeCycleTest, Case05_RulesComeBeforeValues) {
  struct Call {
    ErrorCode code;
    std::string part;
    std::function<void(const Tensor& x, const TensorOptions& there)> call;
  };
  const auto of = [](DType dtype, TensorOptions there) {
    there.dtype = dtype;
    return there;
  };
  const std::vector<Call> calls = {
      {ErrorCode::kShape, "[4] does not expand to [2, 3]",
       [](const Tensor& x, const TensorOptions& there) { add_(x, empty({4}, there)); }},
      {ErrorCode::kShape, "[4] does not expand to [3]",
       [](const Tensor&, const TensorOptions& there) {
         mul_(empty({3}, there), empty({4}, there));
       }},
      {ErrorCode::kDType, "different dtypes",
       [&](const Tensor& x, const TensorOptions& there) {
         add_(x, empty({3}, of(DType::kBF16, there)));
       }},
      {ErrorCode::kAlias, "overlaps",
       [](const Tensor& x, const TensorOptions&) {
         const Tensor square = x.narrow(1, 0, 2);
         mul_(square, square.transpose(0, 1));
       }},
      {ErrorCode::kDType, "f64",
       [&](const Tensor&, const TensorOptions& there) {
         const Tensor f64 = empty({2, 3}, of(DType::kF64, there));
         linear(f64, f64);
       }},
      {ErrorCode::kShape, "bias must be [out]",
       [](const Tensor& x, const TensorOptions& there) { linear(x, x, empty({3}, there)); }},
      {ErrorCode::kDType, "i64",
       [&](const Tensor&, const TensorOptions& there) {
         const Tensor x = empty({2, 3}, of(DType::kI64, there));
         layer_scale_add(x, x, empty({3}, of(DType::kI64, there)), 1.0);
       }},
      {ErrorCode::kDType, "i64",
       [&](const Tensor&, const TensorOptions& there) {
         const Tensor x = empty({3, 2}, of(DType::kI64, there)).transpose(0, 1);
         layer_scale_backward(x, x, empty({3}, of(DType::kI64, there)));
       }},
  };
  for (size_t i = 0; i < calls.size(); ++i) {
    SCOPED_TRACE(i);
    for (const Device device : {Device::meta(), Device::cpu()}) {
      const TensorOptions there = {.device = device};
      expect_error(calls[i].code, {calls[i].part}, [&] {
        calls[i].call(empty({2, 3}, there), there);
      });
    }
  }
}

// Whatever shape an op walks it in.
TEST(LifeCycleTest, Case08_AnUnwrittenOperandIsNamedAsItWasGiven) {
  const Tensor x = counting({4, 2, 3});
  const std::vector<std::pair<Shape, std::string>> operands = {
      {{3}, "tensor [3] f32 on cpu (allocated): 3 of 3 elements"},
      {{2, 1}, "tensor [2, 1] f32 on cpu (allocated): 2 of 2 elements"},
      {{1, 3}, "tensor [1, 3] f32 on cpu (allocated): 3 of 3 elements"},
  };
  for (const auto& [shape, part] : operands) {
    expect_error(ErrorCode::kUninitialized, {"add_: " + part}, [&] { add_(x, empty(shape)); });
  }
  nn::Module module;
  const Tensor& w = module.add_parameter("w", {2, 1}, nullptr);
  expect_error(ErrorCode::kUninitialized, {"mul: \"w\" [2, 1] f32 on cpu (allocated)"},
               [&] { mul(x, w); });
  const Tensor& gamma = module.add_parameter("gamma", {2}, nullptr);
  expect_error(ErrorCode::kUninitialized, {"layer_scale: \"gamma\" [2] f32 on cpu (allocated)"},
               [&] { layer_scale(x.transpose(1, 2), gamma); });
}

TEST(LifeCycleTest, Case07_ReadingMetaThrows) {
  const auto ls = on_meta<nn::LayerScale>(1);
  const Tensor& gamma = ls->gamma();
  const std::vector<std::string> parts = {"\"gamma\" [1] f32 on meta", "to_empty"};
  expect_error(ErrorCode::kMeta, parts, [&] { (void)gamma.item<float>(); });
  expect_error(ErrorCode::kMeta, parts, [&] { (void)gamma.to_vector<float>(); });
  expect_error(ErrorCode::kMeta, parts, [&] { (void)gamma.data<float>(); });
  expect_error(ErrorCode::kMeta, parts, [&] { (void)gamma.mutable_data<float>(); });
  expect_error(ErrorCode::kMeta, parts, [&] { zeros({1}).copy_(gamma); });
  expect_error(ErrorCode::kMeta, parts, [&] { (void)gamma.to(Device::cpu()); });
  expect_error(ErrorCode::kMeta, parts, [&] { ls->to(Device::cpu()); });
  EXPECT_EQ(to_string(gamma), "tensor(\"gamma\", shape=[1], f32, meta)");
}

TEST(LifeCycleTest, Case08_ReadingAfterToEmptyThrows) {
  const auto ls = on_meta<nn::LayerScale>(1);
  ls->to_empty(Device::cpu());
  const Tensor& gamma = ls->gamma();
  const std::vector<std::string> parts = {"\"gamma\" [1] f32 on cpu (allocated)", "never written",
                                          "reset_parameters()"};
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)gamma.item<float>(); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)gamma.to_vector<float>(); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)gamma.data<float>(); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)gamma.clone(); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)gamma.to(DType::kBF16); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (void)mean(gamma); });
  expect_error(ErrorCode::kUninitialized, parts, [&] { (*ls)(counting({2, 1})); });
  EXPECT_EQ(to_string(gamma),
            "tensor(\"gamma\", shape=[1], f32, cpu, allocated: 1 of 1 elements were never "
            "written)");
  ls->reset_parameters();
  EXPECT_EQ(gamma.item<float>(), 1e-5f);
}

TEST(LifeCycleTest, Case08_HalfWrittenMemoryIsKnownToBe) {
  const Tensor t = empty({4, 3}, {.device = Device::cpu()});
  fill_(t.narrow(1, 0, 2), 5.0);
  EXPECT_EQ(t.state(), State::kPartial);
  EXPECT_EQ(t.select(1, 1).to_vector<float>(), (std::vector<float>{5, 5, 5, 5}));
  expect_error(ErrorCode::kUninitialized,
               {"4 of 12 elements were never written", "the first is element 2"},
               [&] { (void)sum(t); });
  fill_(t.select(1, 2), 6.0);
  EXPECT_EQ(sum(t).item<float>(), 4 * (5 + 5 + 6));
}

TEST(LifeCycleTest, Case08_NoElementsNeedNoValues) {
  const Tensor t = empty({4, 3}, {.device = Device::cpu()});
  EXPECT_TRUE(t.narrow(0, 2, 0).to_vector<float>().empty());
  EXPECT_TRUE(empty({0}, {.device = Device::cpu()}).to_vector<float>().empty());
  const Tensor meta = empty({0}, {.device = Device::meta()});
  expect_error(ErrorCode::kMeta, {"[0] f32 on meta"}, [&] { (void)meta.to_vector<float>(); });
}

TEST(LifeCycleTest, Case08_ManyThreadsWriteTheirParts) {
  constexpr int kThreads = 8;
  const Tensor t = empty({64, kThreads}, {.device = Device::cpu()});
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      fill_(t.select(1, i), i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(t.state(), State::kInitialized);
  EXPECT_EQ(sum(t).item<float>(), 64 * 28);
}

TEST(LifeCycleTest, Case09_MaterializingARealTensorChangesNothing) {
  const Tensor t = counting({5});
  const Storage* const storage = t.storage().get();
  const void* const data = t.data<float>();
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  to_empty(t, Device::cpu());
  EXPECT_EQ(t.storage().get(), storage);
  EXPECT_EQ(t.data<float>(), data);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations);
  EXPECT_EQ(bits(t), bits(counting({5})));
}

TEST(LifeCycleTest, Case10_MaterializingTwiceAllocatesOnce) {
  const auto model = on_meta<ToyModel>();
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  model->to_empty(Device::cpu());
  const int64_t after = memory_stats(Device::cpu()).allocations;
  EXPECT_EQ(after - allocations, 4 + 2 * 4);
  model->to_empty(Device::cpu());
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, after);
}

TEST(LifeCycleTest, Case10_TiedSlotsAreOneStorage) {
  struct Tied : nn::Module {
    nn::Linear& in = add_child<nn::Linear>("in", 3, 5, nn::LinearOptions{.bias = false});
    nn::Linear& out = add_child<nn::Linear>("out", 3, 5, nn::LinearOptions{.bias = false});
    Tied() { out.share_parameter("weight", in.weight()); }
  };
  const auto model = on_meta<Tied>();
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  model->to_empty(Device::cpu());
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations + 1);
  EXPECT_TRUE(model->in.weight().is_same(model->out.weight()));
  // Through the tied slot alone, the values are still those of the slot that declared it.
  model->out.reset_parameters();
  EXPECT_EQ(bits(model->in.weight()), bits(Tied().in.weight()));
  EXPECT_EQ(model->named_parameters().size(), 1u);
  EXPECT_EQ(model->state_dict().size(), 2u);
}

}  // namespace
}  // namespace hollow
