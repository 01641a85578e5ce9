#include "nn/init/distributions.h"

#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;

const RngKey kKey = RngKey(7) / "w";

Tensor written(const Writer& writer, DType dtype = DType::kF32) {
  const Tensor tensor = empty({5}, {.dtype = dtype});
  writer(tensor, kKey);
  return tensor;
}

TEST(DistributionsTest, WritersAreTheRandomOpsWithTheSlotsKey) {
  const Tensor expected = empty({5});
  hollow::uniform_(expected, -2, 3, kKey);
  EXPECT_EQ(bits(written(init::uniform(-2, 3))), bits(expected));
  hollow::normal_(expected, 1, 2, kKey);
  EXPECT_EQ(bits(written(init::normal({.mean = 1, .std = 2}))), bits(expected));
  hollow::trunc_normal_(expected, 1, 2, 0, 4, kKey);
  EXPECT_EQ(bits(written(init::trunc_normal({.mean = 1, .std = 2, .a = 0, .b = 4}))),
            bits(expected));
  hollow::bernoulli_(expected, 0.5, kKey);
  EXPECT_EQ(bits(written(init::bernoulli(0.5))), bits(expected));
  const Tensor integers = empty({5}, {.dtype = DType::kI64});
  hollow::randint_(integers, -9, 90, kKey);
  EXPECT_EQ(bits(written(init::randint(-9, 90), DType::kI64)), bits(integers));
}

TEST(DistributionsTest, DefaultsAreTorchs) {
  const Tensor expected = empty({5});
  hollow::uniform_(expected, 0, 1, kKey);
  EXPECT_EQ(bits(written(init::uniform())), bits(expected));
  hollow::normal_(expected, 0, 1, kKey);
  EXPECT_EQ(bits(written(init::normal())), bits(expected));
  hollow::trunc_normal_(expected, 0, 1, -2, 2, kKey);
  EXPECT_EQ(bits(written(init::trunc_normal())), bits(expected));
}

TEST(DistributionsTest, FunctionsTakeOptionsToo) {
  const RngKey key = RngKey(7) / "w";
  const Tensor a = empty({9}), b = empty({9});
  init::normal_(a, {.std = 0.02}, key);
  hollow::normal_(b, 0, 0.02, key);
  EXPECT_EQ(bits(a), bits(b));
  const Shard shard = {.whole = {30}, .offset = {7}, .shape = {9}};
  init::trunc_normal_(a, {.mean = 1, .a = 0, .b = 4}, key, &shard);
  hollow::trunc_normal_(b, 1, 1, 0, 4, key, &shard);
  EXPECT_EQ(bits(a), bits(b));
}

}  // namespace
}  // namespace hollow::nn
