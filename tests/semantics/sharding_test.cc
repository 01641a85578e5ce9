// Case 26 of docs/semantics.md: a shard has the values that the whole has there, whoever fills it.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "tests/nn/initializers.h"
#include "tests/semantics/toy_model.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::box;
using testing::Initializer;
using testing::initializers;
using testing::shards_of;

constexpr absl::string_view kName = "blocks.3.fc.weight";

struct Case {
  const Initializer& initializer;
  Tensor whole;
  Shard shard;
};

// Every initializer on every shape and in every dtype that it takes, cut in every way.
template <typename Function>
void for_each_case(Function function) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      for (const DType dtype : each.dtypes) {
        const Tensor whole = empty(shape, {.dtype = dtype});
        each.writer(whole, RngKey(0) / kName);
        for (const Shard& shard : shards_of(shape)) {
          SCOPED_TRACE(absl::StrCat(each.name, " ", to_string(shard), " ", to_string(dtype)));
          function(Case{each, whole, shard});
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

TEST(ShardingTest, Case26_AWriterFillsAShardAsTheWhole) {
  for_each_case([](const Case& each) {
    const Tensor part = empty(each.shard.shape, {.dtype = each.whole.dtype()});
    each.initializer.writer(part, RngKey(0) / kName, each.shard);
    EXPECT_EQ(bits(part), bits(box(each.whole, each.shard)));
    EXPECT_TRUE(part.is_initialized());
  });
}

TEST(ShardingTest, Case26_AShardMayHaveAnyStrides) {
  for_each_case([](const Case& each) {
    if (each.shard.shape.size() < 2) return;
    Shape turned = each.shard.shape;
    std::swap(turned[0], turned[1]);
    const Tensor part = empty(turned, {.dtype = each.whole.dtype()}).transpose(0, 1);
    each.initializer.writer(part, RngKey(0) / kName, each.shard);
    EXPECT_EQ(bits(part), bits(box(each.whole, each.shard)));
  });
}

// A model of which every device has a part of its own: the slot is the shard.
struct Part : nn::Module {
  Part(const Case& each, const Writer& writer) {
    Module& fc =
        add_child<nn::Module>("blocks").add_child<nn::Module>("3").add_child<nn::Module>("fc");
    fc.add_buffer("weight", each.shard.shape, writer, nn::Persistent::kYes,
                  {.dtype = each.whole.dtype()});
  }
  const Tensor& weight() const { return get_buffer(kName); }
};

TEST(ShardingTest, Case26_ASlotMayBeTheShard) {
  for_each_case([](const Case& each) {
    const Writer writer = nn::init::sharded(each.shard, each.initializer.writer);
    const Part eager(each, writer);
    EXPECT_EQ(bits(eager.weight()), bits(box(each.whole, each.shard)));
    std::unique_ptr<Part> deferred;
    {
      DeviceScope scope(Device::meta());
      deferred = std::make_unique<Part>(each, writer);
    }
    nn::materialize(*deferred, Device::cpu());
    EXPECT_EQ(bits(deferred->weight()), bits(box(each.whole, each.shard)));
  });
}

TEST(ShardingTest, Case26_AShardOfASlotOnMeta) {
  for_each_case([](const Case& each) {
    DeviceScope scope(Device::meta());
    const Part model({each.initializer, each.whole, whole_of(each.whole.shape())},
                     each.initializer.writer);
    EXPECT_EQ(bits(nn::materialize_shard(model.weight(), each.shard, Device::cpu())),
              bits(box(each.whole, each.shard)));
    EXPECT_TRUE(model.weight().is_meta());
  });
}

TEST(ShardingTest, Case26_EverySlotOfAModel) {
  const ToyModel eager;
  DeviceScope scope(Device::meta());
  const ToyModel model;
  const auto slots = eager.named_slots(), deferred = model.named_slots();
  ASSERT_EQ(slots.size(), deferred.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const Tensor& whole = slots[i].tensor;
    for (const Shard& shard : shards_of(whole.shape())) {
      EXPECT_EQ(bits(nn::materialize_shard(deferred[i].tensor, shard, Device::cpu())),
                bits(box(whole, shard)))
          << slots[i].name << " " << shard;
    }
  }
}

}  // namespace
}  // namespace hollow
