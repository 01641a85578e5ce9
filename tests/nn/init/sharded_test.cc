#include "nn/init/sharded.h"

#include <memory>

#include "nn/init.h"
#include "nn/module.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

TEST(ShardedTest, PartsOfALayerHaveTheLayersValues) {
  Module whole;
  const Tensor& weight = whole.add_parameter("weight", {7, 5}, init::xavier_normal());
  for (int rank = 0; rank < 3; ++rank) {
    const Shard mine = chunk({7, 5}, 0, rank, 3);
    std::unique_ptr<Module> module;
    {
      DeviceScope scope(Device::meta());
      module = std::make_unique<Module>();
      module->add_parameter("weight", mine.shape, init::sharded(mine, init::xavier_normal()));
    }
    module->to_empty(Device::cpu());
    module->reset_parameters();
    EXPECT_EQ(bits(module->get_parameter("weight")), bits(hollow::testing::box(weight, mine)));
  }
}

TEST(ShardedTest, AShardOfTheSlotIsABoxInTheBox) {
  const Tensor whole = counting({6, 8});
  const Shard outer = chunk({6, 8}, 1, 1, 2), inner = chunk(outer.shape, 0, 2, 3);
  const Writer writer = init::sharded(outer, init::constant(whole));
  const Tensor part = empty(inner.shape);
  writer(part, RngKey(0), inner);
  EXPECT_EQ(bits(part), bits(hollow::testing::box(hollow::testing::box(whole, outer), inner)));
  // A third level.
  const Shard innermost = chunk(inner.shape, 1, 0, 2);
  const Writer nested = init::sharded(inner, writer);
  const Tensor corner = empty(innermost.shape);
  nested(corner, RngKey(0), innermost);
  EXPECT_EQ(bits(corner), bits(hollow::testing::box(part, innermost)));
}

TEST(ShardedTest, Errors) {
  expect_error(ErrorCode::kShape, {"init::sharded", "[2] at [3] of [4]", "does not lie"},
               [] { init::sharded({.whole = {4}, .offset = {3}, .shape = {2}}, init::normal()); });
  expect_error(ErrorCode::kWriter, {"init::sharded", "empty", "[2] at [0] of [4]"},
               [] { init::sharded(chunk({4}, 0, 0, 2), nullptr); });
  DeviceScope scope(Device::meta());
  Module module;
  const Writer writer = init::sharded(chunk({4}, 0, 0, 2), init::normal());
  expect_error(ErrorCode::kShape,
               {"\"w\"", "the slot is to be [2] at [0] of [4], and it is \"w\" [4] f32 on meta"},
               [&] { module.add_parameter("w", {4}, writer); });
  expect_error(ErrorCode::kShape,
               {"the slot is to be [2] at [0] of [4], and it is [1] at [2] of [3]"},
               [&] { writer(empty({1}), RngKey(0), chunk({3}, 0, 2, 3)); });
  expect_error(ErrorCode::kShape, {"\"w\"", "xavier_normal_: shape [4] has no fan in"}, [&] {
    module.add_parameter("w", {2}, init::sharded(chunk({4}, 0, 0, 2), init::xavier_normal()));
  });
}

}  // namespace
}  // namespace hollow::nn
