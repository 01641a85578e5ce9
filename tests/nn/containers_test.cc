#include "nn/containers.h"

#include "nn/identity.h"
#include "nn/layer_scale.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

TEST(SequentialTest, RunsItsModulesInOrder) {
  Sequential row;
  row.append<LayerScale>(2, LayerScaleOptions{.init_values = from_values<float>({2, 3})});
  row.append<Identity>();
  row.append<LayerScale>(2, LayerScaleOptions{.init_values = from_values<float>({5, 7})});
  EXPECT_EQ(row(ones({1, 2})).to_vector<float>(), (std::vector<float>{10, 21}));
  EXPECT_EQ(row.state_dict().back().name, "2.gamma");
}

TEST(SequentialTest, OfNothingIsTheIdentity) {
  const Tensor x = counting({3});
  EXPECT_TRUE(Sequential()(x).is_same(x));
}

TEST(ModuleListTest, CountsAndFinds) {
  ModuleList list;
  const LayerScale& first = list.append<LayerScale>(3);
  list.append<Identity>();
  EXPECT_EQ(list.size(), 2);
  EXPECT_EQ(&list[0], &first);
  expect_error(ErrorCode::kKey, {"ModuleList", "2 modules", "number 2"}, [&] { (void)list[2]; });
  expect_error(ErrorCode::kKey, {"number -1"}, [&] { (void)list[-1]; });
  expect_error(ErrorCode::kUnsupported, {"ModuleList", "no forward"}, [&] { list(ones({1})); });
}

}  // namespace
}  // namespace hollow::nn
