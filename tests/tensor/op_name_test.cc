#include "tensor/op_name.h"

#include <type_traits>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace hollow {
namespace {

constexpr char kHere[] = "mul_";
constexpr char kThere[] = "mul_";

TEST(OpNameTest, IsItsText) {
  constexpr OpName kName = "layer_scale_";
  EXPECT_EQ(kName.text(), "layer_scale_");
  EXPECT_EQ(absl::string_view(kName), "layer_scale_");
}

TEST(OpNameTest, IsEqualByItsText) {
  ASSERT_NE(kHere, kThere);
  EXPECT_EQ(OpName(kHere), OpName(kHere));
  EXPECT_EQ(OpName(kHere), OpName(kThere));
  EXPECT_FALSE(OpName("mul_") == OpName("add_"));
  EXPECT_FALSE(OpName("mul_") == OpName("mul"));
}

// What is not there when the program is compiled, and so may change or go, is no name.
static_assert(!std::is_constructible_v<OpName, absl::string_view>);
static_assert(!std::is_constructible_v<OpName, const char*>);

template <const auto& kText>
concept IsAName = requires {
  typename std::bool_constant<(OpName(kText), true)>;
};
char may_change[] = "mul_";
constexpr char kWithoutEnd[] = {'m', 'u', 'l', '_'};
static_assert(IsAName<kHere>);
static_assert(!IsAName<may_change>);
static_assert(!IsAName<kWithoutEnd>);

}  // namespace
}  // namespace hollow
