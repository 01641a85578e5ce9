#include "tensor/format.h"

#include <limits>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(FormatTest, Values) {
  std::ostringstream out;
  out << counting({2, 2});
  EXPECT_EQ(out.str(), "tensor([[1, 2], [3, 4]], f32, cpu)");
  EXPECT_EQ(to_string(counting({2, 2}).transpose(0, 1)), "tensor([[1, 3], [2, 4]], f32, cpu)");
  EXPECT_EQ(to_string(full({}, 0.1)), "tensor(0.1, f32, cpu)");
  EXPECT_EQ(to_string(full({1}, 0.5, {.dtype = DType::kBF16})), "tensor([0.5], bf16, cpu)");
  EXPECT_EQ(to_string(from_values<bool>({true, false})), "tensor([true, false], bool, cpu)");
  EXPECT_EQ(to_string(from_values<int64_t>({std::numeric_limits<int64_t>::min()})),
            "tensor([-9223372036854775808], i64, cpu)");
  EXPECT_EQ(to_string(from_values<float>({1e-5f, -0.0f, std::numeric_limits<float>::infinity(),
                                          std::numeric_limits<float>::quiet_NaN()})),
            "tensor([1e-05, -0, inf, nan], f32, cpu)");
}

TEST(FormatTest, WithoutElements) {
  EXPECT_EQ(to_string(empty({2, 0})), "tensor(shape=[2, 0], f32, cpu)");
  EXPECT_EQ(to_string(empty({0}, {.device = Device::meta()})), "tensor(shape=[0], f32, meta)");
}

TEST(FormatTest, MetaHasNoData) {
  const TensorOptions options = {.dtype = DType::kF16, .device = Device::meta()};
  EXPECT_EQ(to_string(ones({2, 3}, options)), "tensor(shape=[2, 3], f16, meta)");
  const Tensor named = empty_slot(
      "test",
      {.name = "ls1.gamma", .key = RngKey(0), .writer = {}, .shape = {1024}, .kin = nullptr},
      {.device = Device::meta()});
  EXPECT_EQ(to_string(named), "tensor(\"ls1.gamma\", shape=[1024], f32, meta)");
  EXPECT_EQ(to_string(named.narrow(0, 1, 2)),
            "tensor(view of \"ls1.gamma\", shape=[2], f32, meta)");
}

TEST(FormatTest, UnwrittenSaysSo) {
  const Tensor tensor = empty({2, 2});
  EXPECT_EQ(to_string(tensor),
            "tensor(shape=[2, 2], f32, cpu, allocated: 4 of 4 elements were never written)");
  fill_(tensor.select(1, 0), 7);
  EXPECT_EQ(to_string(tensor),
            "tensor(shape=[2, 2], f32, cpu, partial: 2 of 4 elements were never written)");
  EXPECT_EQ(to_string(tensor.select(1, 0)), "tensor([7, 7], f32, cpu)");
}

TEST(FormatTest, LargeTensorsShowTheirEdges) {
  const TensorOptions options = {.dtype = DType::kI64};
  EXPECT_EQ(to_string(counting({1001}, options)),
            "tensor([1, 2, 3, ..., 999, 1000, 1001], shape=[1001], i64, cpu)");
  EXPECT_THAT(to_string(counting({1000}, options)), HasSubstr(", 500, "));
  EXPECT_THAT(to_string(counting({1000}, options)), Not(HasSubstr("...")));
  EXPECT_EQ(to_string(counting({2, 1000}, options)),
            "tensor([[1, 2, 3, ..., 998, 999, 1000], [1001, 1002, 1003, ..., 1998, 1999, 2000]], "
            "shape=[2, 1000], i64, cpu)");
  // 6 are three and three: nothing is left out.
  EXPECT_THAT(to_string(counting({6, 200}, options)), HasSubstr("[401, 402, 403, ..., "));
}

}  // namespace
}  // namespace hollow
