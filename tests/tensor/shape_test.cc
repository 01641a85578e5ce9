#include "tensor/shape.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

TEST(ShapeTest, Prints) {
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_EQ(to_string(Shape{7}), "[7]");
  EXPECT_EQ(to_string(Shape{2, -1, 30}), "[2, -1, 30]");
}

TEST(CheckedNumelTest, Counts) {
  EXPECT_EQ(checked_numel("op", Shape{}), 1);
  EXPECT_EQ(checked_numel("op", Shape{2, 3, 5}), 30);
  EXPECT_EQ(checked_numel("op", Shape{2, 0, 5}), 0);
  EXPECT_EQ(checked_numel("op", Shape{1, 1, 1, 1, 1, 1, 1, 4}), 4);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 8;
  EXPECT_EQ(checked_numel("op", Shape{kMost}), kMost);
  EXPECT_EQ(checked_numel("op", Shape{int64_t{1} << 59, 0}), 0);
}

TEST(CheckedNumelTest, NoElementsDoNotHideWhatStridesCannotReach) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  for (const Shape& shape : {Shape{kHuge, kHuge, 0}, Shape{0, kHuge, kHuge}}) {
    expect_error(ErrorCode::kShape, {"op:", "1099511627776", "most that can be addressed"},
                 [&] { checked_numel("op", shape); });
  }
}

TEST(CheckedNumelTest, RefusesWhatIsNoShape) {
  expect_error(ErrorCode::kShape, {"empty:", "[2, -3]", "negative"}, [] {
    checked_numel("empty", Shape{2, -3});
  });
  expect_error(ErrorCode::kShape, {"[0, -1]", "negative"}, [] {
    checked_numel("empty", Shape{0, -1});
  });
  expect_error(ErrorCode::kShape, {"9 dimensions", "at most 8"}, [] {
    checked_numel("empty", Shape{1, 1, 1, 1, 1, 1, 1, 1, 1});
  });
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 8;
  expect_error(ErrorCode::kShape, {"empty:", "elements"},
               [] { checked_numel("empty", Shape{kMost + 1}); });
  expect_error(ErrorCode::kShape, {"[4294967296, 4294967296]"}, [] {
    checked_numel("empty", Shape{int64_t{1} << 32, int64_t{1} << 32});
  });
}

TEST(ContiguousStridesTest, AreRowMajor) {
  EXPECT_EQ(contiguous_strides(Shape{}), (Strides{}));
  EXPECT_EQ(contiguous_strides(Shape{2, 3, 5}), (Strides{15, 5, 1}));
  EXPECT_EQ(contiguous_strides(Shape{2, 0, 5}), (Strides{5, 5, 1}));
}

TEST(LayoutTest, Contiguous) {
  EXPECT_TRUE((Layout{{}, {}, 3}.is_contiguous()));
  EXPECT_TRUE((Layout{{2, 3}, {3, 1}, 4}.is_contiguous()));
  EXPECT_TRUE((Layout{{1, 3}, {77, 1}, 0}.is_contiguous()));
  EXPECT_TRUE((Layout{{0, 3}, {1, 9}, 0}.is_contiguous()));
  EXPECT_FALSE((Layout{{2, 3}, {1, 2}, 0}.is_contiguous()));
  EXPECT_FALSE((Layout{{2, 3}, {4, 1}, 0}.is_contiguous()));
  EXPECT_FALSE((Layout{{2, 3}, {0, 1}, 0}.is_contiguous()));
}

TEST(LayoutTest, Dense) {
  EXPECT_TRUE((Layout{{2, 3}, {3, 1}, 4}.is_dense()));
  EXPECT_TRUE((Layout{{2, 3}, {1, 2}, 0}.is_dense()));
  EXPECT_TRUE((Layout{{3, 1, 2, 5}, {1, 0, 15, 3}, 0}.is_dense()));
  EXPECT_FALSE((Layout{{2, 3}, {4, 1}, 0}.is_dense()));
  EXPECT_FALSE((Layout{{3}, {2}, 0}.is_dense()));
  EXPECT_FALSE((Layout{{3, 2}, {1, 0}, 0}.is_dense()));
}

TEST(LayoutTest, Repeats) {
  EXPECT_TRUE((Layout{{3, 2}, {1, 0}, 0}.repeats()));
  EXPECT_FALSE((Layout{{3, 1}, {1, 0}, 0}.repeats()));
  EXPECT_FALSE((Layout{{0, 2}, {1, 0}, 0}.repeats()));
  EXPECT_FALSE((Layout{{3, 2}, {2, 1}, 0}.repeats()));
}

TEST(LayoutTest, EquivalentIsTheSameElementsInTheSameOrder) {
  const Layout layout = {{2, 1, 3}, {3, 3, 1}, 4};
  EXPECT_TRUE(layout.is_equivalent(layout));
  EXPECT_TRUE(layout.is_equivalent({{2, 1, 3}, {3, 0, 1}, 4}));
  EXPECT_FALSE(layout.is_equivalent({{2, 1, 3}, {3, 3, 1}, 5}));
  EXPECT_FALSE(layout.is_equivalent({{2, 1, 3}, {4, 3, 1}, 4}));
  EXPECT_FALSE(layout.is_equivalent({{2, 3, 1}, {3, 1, 1}, 4}));
  EXPECT_FALSE(layout.is_equivalent({{2, 3}, {3, 1}, 4}));
}

TEST(CheckedDimTest, CountsFromEitherEnd) {
  const Shape shape = {4, 5, 6};
  for (int d = 0; d < 3; ++d) {
    EXPECT_EQ(checked_dim("op", d, shape), d);
    EXPECT_EQ(checked_dim("op", d - 3, shape), d);
  }
  expect_error(ErrorCode::kShape, {"size:", "dimension 3", "[4, 5, 6]", "-3 to 2"},
               [&] { checked_dim("size", 3, shape); });
  expect_error(ErrorCode::kShape, {"size:", "dimension -4"},
               [&] { checked_dim("size", -4, shape); });
  expect_error(ErrorCode::kShape, {"size:", "dimension 0", "has none"},
               [&] { checked_dim("size", 0, Shape{}); });
}

TEST(BroadcastTest, StretchesOnesAndMissingDimensions) {
  EXPECT_EQ(broadcast_shapes("add", Shape{}, Shape{}), (Shape{}));
  EXPECT_EQ(broadcast_shapes("add", Shape{}, Shape{2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast_shapes("add", Shape{2, 1, 4}, Shape{3, 1}), (Shape{2, 3, 4}));
  EXPECT_EQ(broadcast_shapes("add", Shape{1}, Shape{0}), (Shape{0}));
  EXPECT_EQ(broadcast_shapes("add", Shape{0, 3}, Shape{1, 1}), (Shape{0, 3}));
}

TEST(BroadcastTest, RefusesSizesThatDiffer) {
  expect_error(ErrorCode::kShape,
               {"add:", "[2, 3]", "[4]", "sizes 3 and 4", "dimension -1", "neither is 1"}, [] {
                 broadcast_shapes("add", Shape{2, 3}, Shape{4});
               });
  expect_error(ErrorCode::kShape, {"mul:", "sizes 2 and 5", "dimension -2"}, [] {
    broadcast_shapes("mul", Shape{2, 3}, Shape{5, 3});
  });
  expect_error(ErrorCode::kShape, {"sizes 0 and 2"},
               [] { broadcast_shapes("mul", Shape{0}, Shape{2}); });
}

TEST(ExpandedTest, StridesAreZeroWhereItStretches) {
  const Layout layout = {{3, 1, 2}, {2, 2, 1}, 5};
  EXPECT_EQ(expanded("expand", layout, Shape{3, 1, 2}), layout);
  EXPECT_EQ(expanded("expand", layout, Shape{4, 3, 7, 2}), (Layout{{4, 3, 7, 2}, {0, 2, 0, 1}, 5}));
  EXPECT_EQ(expanded("expand", Layout{{}, {}, 9}, Shape{2}), (Layout{{2}, {0}, 9}));
  EXPECT_EQ(expanded("expand", Layout{{1}, {1}, 0}, Shape{0}).numel(), 0);
}

TEST(ExpandedTest, RefusesWhatDoesNotStretch) {
  const Layout layout = {{3, 2}, {2, 1}, 0};
  for (const Shape& shape : {Shape{3, 4}, Shape{2}, Shape{3, 1}, Shape{2, 2}, Shape{}}) {
    expect_error(ErrorCode::kShape, {"expand:", "[3, 2]", to_string(shape), "stretches"},
                 [&] { expanded("expand", layout, shape); });
  }
  expect_error(ErrorCode::kShape, {"expand:", "negative"}, [&] {
    expanded("expand", layout, Shape{-1, 3, 2});
  });
  expect_error(ErrorCode::kShape, {"expand:", "elements"}, [&] {
    expanded("expand", layout, Shape{int64_t{1} << 62, 3, 2});
  });
}

}  // namespace
}  // namespace hollow
