#include "tensor/error.h"

#include <new>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kernels/failure.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using kernels::Failure;
using testing::expect_error;

TEST(ErrorTest, SaysOpAndMessage) {
  const Error error(ErrorCode::kShape, "narrow", "too long");
  EXPECT_EQ(error.code(), ErrorCode::kShape);
  EXPECT_EQ(error.op(), "narrow");
  EXPECT_STREQ(error.what(), "narrow: too long");
  EXPECT_EQ(error.message(), "too long");
}

TEST(ErrorTest, EveryCodePrintsAsItself) {
  std::set<absl::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::kUnsupported); ++i) {
    names.insert(to_string(static_cast<ErrorCode>(i)));
  }
  EXPECT_EQ(names, (std::set<absl::string_view>{"shape", "dtype", "device", "meta", "uninitialized",
                                                "alias", "out_of_memory", "cuda", "key", "writer",
                                                "sealed", "changed", "value", "unsupported"}));
}

TEST(ErrorTest, WithOpTurnsEachFailureIntoItsCode) {
  const struct {
    Failure::Kind kind;
    ErrorCode code;
  } kCases[] = {
      {Failure::Kind::kOutOfMemory, ErrorCode::kOutOfMemory},
      {Failure::Kind::kNoDevice, ErrorCode::kDevice},
      {Failure::Kind::kCuda, ErrorCode::kCuda},
      {Failure::Kind::kUnsupported, ErrorCode::kUnsupported},
      {Failure::Kind::kConfiguration, ErrorCode::kValue},
  };
  for (const auto& [kind, code] : kCases) {
    const auto fail = [kind = kind] { throw Failure(kind, "the reason"); };
    expect_error(code, {"matmul: tensor [3]: the reason"},
                 [&] { with_op("matmul", fail, [] { return "tensor [3]"; }); });
    expect_error(code, {"matmul: the reason"}, [&] { with_op("matmul", fail); });
  }
}

TEST(ErrorTest, WithOpTurnsBadAllocIntoOutOfMemory) {
  const auto fail = [] { throw std::bad_alloc(); };
  expect_error(ErrorCode::kOutOfMemory, {"add: tensor [3]: ", "host"},
               [&] { with_op("add", fail, [] { return "tensor [3]"; }); });
}

TEST(ErrorTest, WithOpLeavesAnErrorAsItIs) {
  expect_error(ErrorCode::kAlias, {"inner: message"}, [] {
    with_op("outer", [] { throw Error(ErrorCode::kAlias, "inner", "message"); });
  });
}

TEST(ErrorTest, TheSubjectIsAskedForInNeedAlone) {
  bool asked = false;
  EXPECT_EQ(with_op(
                "op", [] { return 7; },
                [&] {
                  asked = true;
                  return "";
                }),
            7);
  EXPECT_FALSE(asked);
}

TEST(ErrorTest, WithOpGivesBackWhatTheFunctionGives) {
  int value = 7;
  int& same = with_op("op", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);
}

}  // namespace
}  // namespace hollow
