#include "tensor/dtype.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/dtype_visit.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;
using ::testing::HasSubstr;

constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16,
                          DType::kF64, DType::kI64, DType::kBool};

TEST(DTypeTest, SizesAndKinds) {
  EXPECT_EQ(item_size(DType::kF32), 4u);
  EXPECT_EQ(item_size(DType::kF16), 2u);
  EXPECT_EQ(item_size(DType::kBF16), 2u);
  EXPECT_EQ(item_size(DType::kF64), 8u);
  EXPECT_EQ(item_size(DType::kI64), 8u);
  EXPECT_EQ(item_size(DType::kBool), 1u);
  for (const DType dtype : kAll) {
    EXPECT_EQ(is_floating_point(dtype), dtype != DType::kI64 && dtype != DType::kBool) << dtype;
  }
}

TEST(DTypeTest, NamesAreReadBack) {
  const char* const kNames[] = {"f32", "f16", "bf16", "f64", "i64", "bool"};
  for (int i = 0; i < 6; ++i) {
    std::ostringstream out;
    out << kAll[i];
    EXPECT_EQ(out.str(), kNames[i]);
    const absl::StatusOr<DType> read = parse_dtype(kNames[i]);
    ASSERT_TRUE(read.ok()) << kNames[i];
    EXPECT_EQ(*read, kAll[i]);
  }
}

TEST(DTypeTest, WhatIsNoDTypeIsRefusedWithTheList) {
  for (const char* const text : {"", "F32", "f32 ", "float", "f8", "bf"}) {
    const absl::StatusOr<DType> read = parse_dtype(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("f32, f16, bf16, f64, i64, bool"));
  }
}

TEST(DTypeTest, VisitGivesTheTypeOfTheDType) {
  for (const DType dtype : kAll) {
    std::vector<DType> seen;
    visit_dtype<AllTypes>("op", dtype, [&](auto tag) {
      seen.push_back(dtype_of<typename decltype(tag)::Type>());
      EXPECT_EQ(sizeof(typename decltype(tag)::Type), item_size(dtype));
    });
    EXPECT_EQ(seen, std::vector<DType>{dtype});
  }
}

TEST(DTypeTest, VisitRefusesWhatIsNotInItsList) {
  bool called = false;
  expect_error(ErrorCode::kDType, {"normal_:", "does not take i64", "f32, f16, bf16"},
               [&] { visit_dtype<Floats>("normal_", DType::kI64, [&](auto) { called = true; }); });
  EXPECT_FALSE(called);
  expect_error(ErrorCode::kDType, {"add:", "does not take bool", "f32, f16, bf16, f64, i64"},
               [] { check_dtype("add", Numbers{}, DType::kBool); });
  for (const DType dtype : kAll) EXPECT_NO_THROW(check_dtype("op", AllTypes{}, dtype));
}

}  // namespace
}  // namespace hollow
