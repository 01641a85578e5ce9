#include "tensor/ranges.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"
#include "tests/tensor/elements.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::Bitmap;
using testing::bitmap;
using testing::touched;

constexpr size_t kNumel = 3 * 4 * 5 * 2;

Ranges ranges_of(const Bitmap& bits) {
  Ranges result;
  for (size_t i = 0; i < bits.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i);
    if (bits[i]) result.add(Range{at, at + 1});
  }
  return result;
}

// A view made of random steps, as a program could make it.
Layout random_view(std::mt19937& random) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  Tensor view = empty({3, 4, 5, 2}, {.device = Device::meta()});
  for (int step = 0; step < 4; ++step) {
    const int64_t dim = view.dim() == 0 ? 0 : below(view.dim());
    switch (view.dim() == 0 ? 3 : below(4)) {
      case 0:
        view = view.transpose(dim, below(view.dim()));
        break;
      case 1: {
        const int64_t start = below(view.size(dim) + 1);
        view = view.narrow(dim, start, below(view.size(dim) - start + 1));
        break;
      }
      case 2:
        if (view.size(dim) > 0) view = view.select(dim, below(view.size(dim)));
        break;
      default: {
        Shape wide = view.shape();
        wide.insert(wide.begin(), 2);
        view = view.expand(wide);
      }
    }
  }
  return view.layout();
}

TEST(RangesTest, ASpanOfElements) {
  EXPECT_TRUE(Ranges().empty());
  EXPECT_TRUE(Ranges(4, 4).empty());
  EXPECT_EQ(Ranges(4, 9).ranges(), (std::vector<Range>{{4, 9}}));
  EXPECT_EQ(Ranges(4, 9).count(), 5);
}

// In a range-for the ranges outlive the set that is made there.
TEST(RangesTest, ThoseOfATemporaryAreTheCallers) {
  int64_t count = 0;
  for (const Range& range : Ranges(4, 9).ranges()) count += range.end - range.begin;
  EXPECT_EQ(count, 5);
  static_assert(!std::is_reference_v<decltype(Ranges().ranges())>);
}

TEST(RangesTest, ADenseLayoutIsOneRange) {
  EXPECT_EQ(Ranges::touched_by({{2, 3}, {1, 2}, 7}).ranges(), (std::vector<Range>{{7, 13}}));
  EXPECT_EQ(Ranges::touched_by({{}, {}, 7}).ranges(), (std::vector<Range>{{7, 8}}));
  EXPECT_TRUE(Ranges::touched_by({{2, 0}, {1, 1}, 7}).empty());
}

TEST(RangesTest, RunsOfAStridedLayout) {
  EXPECT_EQ(Ranges::touched_by({{2, 3}, {5, 1}, 1}).ranges(), (std::vector<Range>{{1, 4}, {6, 9}}));
  EXPECT_EQ(Ranges::touched_by({{3}, {4}, 2}).ranges(),
            (std::vector<Range>{{2, 3}, {6, 7}, {10, 11}}));
  EXPECT_EQ(Ranges::touched_by({{9, 3}, {0, 1}, 2}).ranges(), (std::vector<Range>{{2, 5}}));
}

TEST(RangesTest, AnyViewTouchesWhatIndexArithmeticSays) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const Layout layout = random_view(random);
    const Ranges ranges = Ranges::touched_by(layout);
    const Bitmap expected = touched(layout, kNumel);
    ASSERT_EQ(bitmap(ranges, kNumel), expected)
        << to_string(layout.shape) << to_string(layout.strides);
    ASSERT_EQ(ranges.count(), std::count(expected.begin(), expected.end(), true));
  }
}

TEST(RangesTest, SetArithmeticIsThatOfBitmaps) {
  std::mt19937 random(2);
  for (int trial = 0; trial < 2000; ++trial) {
    const size_t size = 1 + random() % 24;
    Bitmap a(size), b(size), sum(size), rest(size);
    bool intersects = false, contains = true;
    for (size_t i = 0; i < size; ++i) {
      a[i] = random() % 3 != 0;
      b[i] = random() % 2 != 0;
      sum[i] = a[i] || b[i];
      rest[i] = a[i] && !b[i];
      intersects = intersects || (a[i] && b[i]);
      contains = contains && (a[i] || !b[i]);
    }
    const Ranges of_a = ranges_of(a), of_b = ranges_of(b);
    Ranges both = of_a;
    int64_t added = 0;
    for (const Range& range : of_b.ranges()) added += both.add(range);
    ASSERT_EQ(bitmap(both, size), sum);
    ASSERT_EQ(bitmap(of_a.minus(of_b), size), rest);
    ASSERT_EQ(of_a.intersects(of_b), intersects);
    ASSERT_EQ(added, both.count() - of_a.count());
    const bool all = std::all_of(of_b.ranges().begin(), of_b.ranges().end(),
                                 [&](const Range& range) { return of_a.contains(range); });
    ASSERT_EQ(all, contains);
    ASSERT_EQ(of_a.empty(), std::count(a.begin(), a.end(), true) == 0);
  }
}

TEST(RangesTest, MinusOfSeveralCutsInOneRange) {
  Ranges cuts(2, 3);
  cuts.add({5, 7});
  cuts.add({9, 12});
  EXPECT_EQ(Ranges(0, 10).minus(cuts).ranges(), (std::vector<Range>{{0, 2}, {3, 5}, {7, 9}}));
}

}  // namespace
}  // namespace hollow
