#include "tensor/shard.h"

#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tensor/ops/fill.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

// Begin and size of each part of `count` of a dimension of that size.
std::vector<std::pair<int64_t, int64_t>> parts(int64_t size, int64_t count) {
  std::vector<std::pair<int64_t, int64_t>> result;
  for (int64_t i = 0; i < count; ++i) {
    const Shard shard = chunk({3, size}, 1, i, count);
    EXPECT_EQ(shard.whole, (Shape{3, size}));
    EXPECT_EQ(shard.offset[0], 0);
    EXPECT_EQ(shard.shape[0], 3);
    result.emplace_back(shard.offset[1], shard.shape[1]);
  }
  return result;
}

using Parts = std::vector<std::pair<int64_t, int64_t>>;

TEST(ShardTest, ChunksAreTorchs) {
  EXPECT_EQ(parts(6, 3), (Parts{{0, 2}, {2, 2}, {4, 2}}));
  EXPECT_EQ(parts(7, 3), (Parts{{0, 3}, {3, 3}, {6, 1}}));
  EXPECT_EQ(parts(5, 4), (Parts{{0, 2}, {2, 2}, {4, 1}, {5, 0}}));  // torch.chunk gives three
  EXPECT_EQ(parts(2, 4), (Parts{{0, 1}, {1, 1}, {2, 0}, {2, 0}}));
  EXPECT_EQ(parts(0, 2), (Parts{{0, 0}, {0, 0}}));
  EXPECT_EQ(parts(5, 1), (Parts{{0, 5}}));
}

TEST(ShardTest, TheLastDimensionIsMinusOne) {
  EXPECT_EQ(chunk({4, 6}, -1, 1, 2), chunk({4, 6}, 1, 1, 2));
  EXPECT_NE(chunk({4, 6}, -1, 1, 2), chunk({4, 6}, 0, 1, 2));
}

TEST(ShardTest, NumbersNearTheLimitDoNotOverflow) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Shard last = chunk({kMax / 8}, 0, kMax - 1, kMax);
  EXPECT_EQ(last.offset, (Shape{kMax / 8}));
  EXPECT_EQ(last.shape, (Shape{0}));
  const Shard half = chunk({kMax / 8}, 0, 1, 2);
  EXPECT_EQ(half.offset[0] + half.shape[0], kMax / 8);
}

TEST(ShardTest, PartsOfAPartMakeAGridThatCoversTheWholeOnce) {
  const Tensor whole = zeros({7, 5}, {.dtype = DType::kI64});
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 2; ++j) {
      const Shard shard = chunk(chunk({7, 5}, 0, i, 3), 1, j, 2);
      EXPECT_EQ(shard.whole, (Shape{7, 5}));
      const Tensor part = testing::box(whole, shard);
      const auto before = part.to_vector<int64_t>();
      EXPECT_EQ(before, std::vector<int64_t>(before.size(), 0));
      fill_(part, 1);
    }
  }
  EXPECT_EQ(bits(whole), bits(ones({7, 5}, {.dtype = DType::kI64})));
  // A part of a part is counted from the whole's first element.
  EXPECT_EQ(chunk(chunk({8}, 0, 1, 2), 0, 1, 2),
            (Shard{.whole = {8}, .offset = {6}, .shape = {2}}));
}

TEST(ShardTest, LayoutInWholeIsTheBoxAsAView) {
  const Tensor whole = counting({4, 3, 5});
  for (const Shard& shard : testing::shards_of({4, 3, 5})) {
    if (shard.shape[0] * shard.shape[1] * shard.shape[2] == 0) continue;
    EXPECT_EQ(layout_in_whole(shard), testing::box(whole, shard).layout()) << shard;
  }
  EXPECT_EQ(layout_in_whole(whole_of({})).numel(), 1);
}

TEST(ShardTest, Errors) {
  expect_error(ErrorCode::kShape, {"chunk", "2"}, [] { chunk({4, 6}, 2, 0, 2); });
  expect_error(ErrorCode::kValue, {"chunk: there is no part 2 of 2"}, [] { chunk({4}, 0, 2, 2); });
  expect_error(ErrorCode::kValue, {"chunk: there is no part -1 of 2"},
               [] { chunk({4}, 0, -1, 2); });
  expect_error(ErrorCode::kValue, {"chunk: there is no part 0 of 0"}, [] { chunk({4}, 0, 0, 0); });
  const Shape two = {2};
  for (const Shard& outside : std::vector<Shard>{{.whole = {4}, .offset = {3}, .shape = {2}},
                                                 {.whole = {4}, .offset = {-1}, .shape = {2}},
                                                 {.whole = {4, 4}, .offset = {0}, .shape = {2}},
                                                 {.whole = {4}, .offset = {0, 0}, .shape = {2}},
                                                 {.whole = {4}, .offset = {5}, .shape = {-1}}}) {
    expect_error(ErrorCode::kShape,
                 {"some_op: the shard " + to_string(outside) + " does not lie in its whole"},
                 [&] { check_shard("some_op", outside, two); });
  }
  expect_error(ErrorCode::kShape, {"some_op", "[2] at [1] of [4] is not a tensor of shape [3]"},
               [] { check_shard("some_op", {.whole = {4}, .offset = {1}, .shape = {2}}, {3}); });
  constexpr int64_t kHuge = int64_t{1} << 40;
  expect_error(ErrorCode::kShape, {"some_op", "spans more"}, [&] {
    check_shard("some_op", {.whole = {kHuge, kHuge}, .offset = {0, 0}, .shape = {1, 1}}, {1, 1});
  });
}

TEST(ShardTest, IsPrinted) {
  std::ostringstream out;
  out << chunk({8, 4}, 0, 3, 4);
  EXPECT_EQ(out.str(), "[2, 4] at [6, 0] of [8, 4]");
}

}  // namespace
}  // namespace hollow
