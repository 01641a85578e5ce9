#include "nn/deep_copy.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nn/audit.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/ops/fill.h"
#include "tensor/placement.h"
#include "tensor/timeline.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

struct Net : Module {
  explicit Net(int64_t dim = 4)
      : fc(add_child<Linear>("fc", dim, dim)), head(add_child<Linear>("head", dim, dim)) {
    add_buffer("table", {dim}, init::constant(3.0), Persistent::kNo);
  }
  Linear& fc;
  Linear& head;
};

std::unique_ptr<Net> net() { return std::make_unique<Net>(); }

TEST(DeepCopyTest, CopiesEveryStateAndWhatIsKnownOfIt) {
  std::unique_ptr<Net> source;
  {
    DeviceScope scope(Device::meta());
    source = net();
  }
  materialize(source->fc.weight(), Device::cpu());
  to_empty(*source->fc.bias(), Device::cpu());
  fill_(source->fc.bias()->narrow(0, 1, 2), 7);
  load_state_dict(source->head, {{"bias", counting({4}, {}, 50)}}, {.strict = false});
  source->fc.weight().set_requires_grad(false);

  const std::unique_ptr<Net> twin = deep_copy(*source, net);
  EXPECT_EQ(bits(twin->fc.weight()), bits(source->fc.weight()));
  EXPECT_FALSE(twin->fc.weight().requires_grad());
  EXPECT_EQ(twin->fc.bias()->state(), State::kPartial);
  EXPECT_EQ(twin->fc.bias()->narrow(0, 1, 2).to_vector<float>(), std::vector<float>(2, 7.0f));
  EXPECT_TRUE(twin->head.weight().is_meta());
  EXPECT_TRUE(twin->head.bias()->storage()->sealed());
  EXPECT_FALSE(twin->fc.weight().storage()->sealed());
  EXPECT_TRUE(twin->fc.weight().storage()->pristine());
  EXPECT_EQ(to_string(audit(*twin)), to_string(audit(*source)));
  fill_(twin->fc.weight(), -1);
  EXPECT_NE(bits(twin->fc.weight()), bits(source->fc.weight()));
  EXPECT_TRUE(source->fc.weight().storage()->pristine());
}

// The ties of the copy are no reason to compute anything: it is as the source is.
TEST(DeepCopyTest, CopiesWhatIsComputedAlsoBesideATie) {
  struct Half : Module {
    Tensor& w = add_parameter("w", {2}, init::uniform());
    Tensor& c = add_buffer(
        "c", {2}, [this](const Tensor& tensor, RngKey) { tensor.copy_(w); }, Persistent::kNo);
  };
  struct Both : Module {
    Half& one = add_child<Half>("one");
    Half& two = add_child<Half>("two");
  };
  Both source;
  source.two.share_parameter("w", source.one.w);
  fill_(source.two.c, -1.0);
  const std::unique_ptr<Both> twin = deep_copy(source, [] {
    const DeviceScope scope(Device::cpu());  // with values, which the tie then drops
    return std::make_unique<Both>();
  });
  EXPECT_TRUE(twin->two.w.is_same(twin->one.w));
  EXPECT_EQ(twin->two.c.to_vector<float>(), std::vector<float>(2, -1.0f));
}

// Each slot of the copy has been another's counterpart.
TEST(DeepCopyTest, FollowsTiesOfWhatWasTiedItself) {
  struct Three : Module {
    Tensor& x = add_parameter("x", {2}, init::constant(1.0));
    Tensor& y = add_parameter("y", {2}, init::constant(2.0));
    Tensor& z = add_parameter("z", {2}, init::constant(3.0));
  };
  Three source;
  fill_(source.y, 7.0);
  const Tensor y = source.y;
  source.share_parameter("x", y);
  source.share_parameter("y", source.z);
  source.z.copy_(counting({2}));
  const auto three = [] { return std::make_unique<Three>(); };
  const std::unique_ptr<Three> twin = deep_copy(source, three);
  EXPECT_EQ(bits(twin->x), bits(source.x));
  EXPECT_EQ(bits(twin->y), bits(source.y));
  EXPECT_TRUE(twin->y.is_same(twin->z));
  source.share_parameter("z", y);  // both of each other's
  const std::unique_ptr<Three> swapped = deep_copy(source, three);
  EXPECT_EQ(bits(swapped->z), bits(y));
  EXPECT_EQ(bits(swapped->y), bits(counting({2})));
}

TEST(DeepCopyTest, IsOnTheTimeline) {
  Module source;
  source.add_parameter("w", {2}, init::ones(), {.dtype = DType::kF16});
  source.seal();
  const Timeline timeline(Timeline::Clock::kSteps);
  const std::unique_ptr<Module> twin = deep_copy(source, [] {
    auto module = std::make_unique<Module>();
    module->add_parameter("w", {2}, init::ones());
    return module;
  });
  std::vector<std::string> events;
  for (const Event& each : timeline.events()) {
    if (each.op == "deep_copy") {
      events.push_back(absl::StrCat(to_string(each.kind), " ", each.detail));
    }
  }
  EXPECT_EQ(events, (std::vector<std::string>{"allocated 2 x f16 on cpu, 4 bytes",
                                              "copied 2 of 2 elements", "sealed "}));
}

// Nothing is moved, and nothing given memory.
TEST(DeepCopyTest, OfWhatIsOnMetaIsNoEvent) {
  const DeviceScope scope(Device::meta());
  const std::unique_ptr<Net> source = net();
  const Timeline timeline;
  const std::unique_ptr<Net> twin = deep_copy(*source, net);
  for (const Event& each : timeline.events()) EXPECT_NE(each.op, "deep_copy") << each.detail;
}

// A factory that gives a device has written before the copy is made.
TEST(DeepCopyTest, CountsTheWritesOfTheSourceAlone) {
  const auto make = [] {
    auto module = std::make_unique<Module>();
    module->add_parameter("w", {2}, init::ones(), {.device = Device::cpu()});
    return module;
  };
  const auto source = make();
  EXPECT_EQ(to_string(audit(*deep_copy(*source, make))), to_string(audit(*source)));
  const auto writes = deep_copy(*source, make)->get_parameter("w").storage()->writes();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].count, 1);
}

TEST(DeepCopyTest, ATieToAnotherRootMayHaveTheNameOfAnOwnSlot) {
  struct Tied : Module {
    explicit Tied(const Tensor& other) {
      add_parameter("w", {2}, init::constant(2.0));
      share_parameter("v", other);
    }
  };
  Module mine, theirs;
  mine.add_parameter("w", {2}, init::constant(5.0));
  theirs.add_parameter("w", {2}, init::constant(0.0));
  const Tied source(mine.get_parameter("w"));
  const auto copy =
      deep_copy(source, [&] { return std::make_unique<Tied>(theirs.get_parameter("w")); });
  EXPECT_EQ(copy->get_parameter("w").to_vector<float>(), (std::vector<float>{2, 2}));
  EXPECT_EQ(copy->get_parameter("v").to_vector<float>(), (std::vector<float>{5, 5}));
}

TEST(DeepCopyTest, FollowsWhatWasDoneAfterConstruction) {
  const std::unique_ptr<Net> source = net();
  source->set_writer("fc.weight", init::constant(9.0));
  source->head.share_parameter("weight", source->fc.weight());
  source->to(DType::kBF16);
  source->next_generation();
  const std::unique_ptr<Net> twin = deep_copy(*source, net);
  EXPECT_EQ(twin->head.weight().storage(), twin->fc.weight().storage());
  EXPECT_EQ(twin->fc.bias()->dtype(), DType::kBF16);
  EXPECT_EQ(bits(*twin->fc.bias()), bits(*source->fc.bias()));
  source->reset_parameters();
  twin->reset_parameters();
  EXPECT_EQ(twin->fc.weight().to_vector<float>(), std::vector<float>(16, 9.0f));
  EXPECT_EQ(bits(*twin->fc.bias()), bits(*source->fc.bias()));  // of generation 1
  EXPECT_NE(bits(*twin->fc.bias()), bits(net()->fc.bias()->to(DType::kBF16)));
}

TEST(DeepCopyTest, ASubtreeKeepsItsKeys) {
  const std::unique_ptr<Net> source = net();
  const auto twin = deep_copy(source->head, [] { return std::make_unique<Linear>(4, 4); });
  EXPECT_EQ(bits(twin->weight()), bits(source->head.weight()));
  source->reset_parameters();
  twin->reset_parameters();
  EXPECT_EQ(bits(twin->weight()), bits(source->head.weight()));
}

TEST(DeepCopyTest, AFactoryThatBuildsSomethingElseIsRefused) {
  const std::unique_ptr<Net> source = net();
  expect_error(ErrorCode::kKey, {"deep_copy", "\"table\" is [4] in the source and [5]"},
               [&] { deep_copy(*source, [] { return std::make_unique<Net>(5); }); });
  expect_error(ErrorCode::kKey, {"the source is a", "Net", "the copy a hollow::nn::Linear"},
               [&] { deep_copy(*source, [] { return std::make_unique<Linear>(4, 4); }); });
  expect_error(ErrorCode::kKey, {"the copy has no \"bias\""}, [&] {
    deep_copy(source->fc,
              [] { return std::make_unique<Linear>(4, 4, LinearOptions{.bias = false}); });
  });
  expect_error(ErrorCode::kKey, {"tied in the copy alone"}, [&] {
    deep_copy(*source, [] {
      auto tied = net();
      tied->head.share_parameter("weight", tied->fc.weight());
      return tied;
    });
  });
  Linear outside(4, 4);
  const auto shares = [&] {
    auto shared = net();
    shared->fc.share_parameter("weight", outside.weight());
    return shared;
  };
  const auto sharing = shares();
  expect_error(ErrorCode::kKey, {"\"fc.weight\" is tied to a tensor outside"},
               [&] { deep_copy(*sharing, shares); });
}

TEST(DeepCopyTest, ATieMadeLaterHasTheWriterOfTheSlotThatDeclaredIt) {
  struct Pair : Module {
    Pair() {
      add_parameter("a", {2}, init::constant(1.0));
      add_parameter("b", {2}, init::constant(5.0));
    }
  };
  const auto pair = [] { return std::make_unique<Pair>(); };
  for (const Device device : {Device::meta(), Device::cpu()}) {
    DeviceScope scope(device);
    const auto source = pair();
    source->share_parameter("a", source->get_parameter("b"));
    const auto twin = deep_copy(*source, pair);
    materialize(*twin, Device::cpu());
    EXPECT_EQ(twin->get_parameter("a").to_vector<float>(), std::vector<float>(2, 5.0f));
    EXPECT_EQ(twin->get_parameter("a").storage(), twin->get_parameter("b").storage());
    twin->release();
    materialize(*twin, Device::cpu());
    EXPECT_EQ(twin->get_parameter("b").to_vector<float>(), std::vector<float>(2, 5.0f));
  }
}

TEST(DeepCopyTest, ASubtreeTiedToTheRestOfItsTreeStandsAlone) {
  DeviceScope scope(Device::meta());
  Module root;
  const Tensor& emb = root.add_parameter("emb", {4, 4}, init::constant(5.0));
  const auto head = [] { return std::make_unique<Linear>(4, 4); };
  Linear& source = root.add_child<Linear>("head", 4, 4);
  source.share_parameter("weight", emb);
  const auto twin = deep_copy(source, head);
  materialize(*twin, Device::cpu());
  EXPECT_EQ(twin->weight().to_vector<float>(), std::vector<float>(16, 5.0f));
  EXPECT_TRUE(emb.is_meta());
}

// Slots that exchanged their storages after they were declared: each twin has the writer and the
// key of its own counterpart.
struct Exchanged : Module {
  Exchanged()
      : a(add_parameter("a", {2}, init::constant(1.0))),
        b(add_parameter("b", {2}, init::constant(5.0))) {
    const Tensor first = a;
    share_parameter("c", a);
    share_parameter("a", b);
    share_parameter("b", first);
  }
  Tensor& a;
  Tensor& b;
};

TEST(DeepCopyTest, FindsTheTwinsOfSlotsThatWereTiedAnew) {
  const auto make = [] { return std::make_unique<Exchanged>(); };
  std::unique_ptr<Exchanged> source;
  {
    DeviceScope scope(Device::meta());
    source = make();
  }
  const std::unique_ptr<Exchanged> twin = deep_copy(*source, make);
  for (Module* const module : {source.get(), twin.get()}) materialize(*module, Device::cpu());
  EXPECT_EQ(source->a.to_vector<float>(), (std::vector<float>{5, 5}));
  for (const auto& [name, tensor] : source->state_dict()) {
    EXPECT_EQ(bits(tensor), bits(twin->get_parameter(name))) << name;
  }
}

TEST(DeepCopyTest, AFactoryThatGivesNullIsAnError) {
  expect_error(ErrorCode::kValue, {"deep_copy", "null"},
               [] { deep_copy(Net(), [] { return std::unique_ptr<Net>(); }); });
}

}  // namespace
}  // namespace hollow::nn
