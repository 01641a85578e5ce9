// Against one bool an element, in both forms: ranges while there are few of them, bits beyond.
#include "tensor/element_set.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"
#include "tests/tensor/elements.h"

namespace hollow {
namespace {

using testing::Bitmap;
using testing::bitmap;
using testing::for_each_element;
using testing::touched;

Tensor described(const Shape& shape) { return empty(shape, {.device = Device::meta()}); }

// What a set must be, beside the set.
class Checked {
 public:
  explicit Checked(int64_t numel)
      : set_(numel), expected_(static_cast<size_t>(numel), false), all_({{numel}, {1}, 0}) {}

  void add(const Layout& layout) {
    set_.add(layout);
    for_each_element(layout, [&](size_t at) { expected_[at] = true; });
  }

  void check(const Layout& layout) const {
    Bitmap missing = touched(layout, expected_.size());
    bool contains = true;
    for (size_t i = 0; i < missing.size(); ++i) {
      missing[i] = missing[i] && !expected_[i];
      contains = contains && !missing[i];
    }
    ASSERT_EQ(set_.contains(layout), contains);
    ASSERT_EQ(bitmap(set_.missing(layout), missing.size()), missing);
  }

  void check() const {
    const int64_t count = std::count(expected_.begin(), expected_.end(), true);
    ASSERT_EQ(set_.count(), count);
    ASSERT_EQ(set_.is_full(), count == static_cast<int64_t>(expected_.size()));
    check(all_);
  }

 private:
  ElementSet set_;
  Bitmap expected_;
  Layout all_;
};

// A view made of random steps, as a program could make it. No narrow() keeps more than a part, so
// that sets fill slowly.
Layout random_view(const Shape& shape, std::mt19937& random) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  Tensor view = described(shape);
  for (int step = 0; step < 4 && view.dim() > 0; ++step) {
    const int64_t dim = below(view.dim());
    switch (below(4)) {
      case 0:
        view = view.transpose(dim, below(view.dim()));
        break;
      case 1:
        if (view.size(dim) > 0) view = view.select(dim, below(view.size(dim)));
        break;
      case 2: {
        Shape wide = view.shape();
        wide.insert(wide.begin(), 2);
        view = view.expand(wide);
        break;
      }
      default: {
        const int64_t start = below(view.size(dim) + 1);
        view = view.narrow(dim, start,
                           below((view.size(dim) - start) / 4 + 2) % (view.size(dim) - start + 1));
      }
    }
  }
  return view.layout();
}

void add_random_views(Checked& set, const Shape& shape, int views, std::mt19937& random) {
  for (int i = 0; i < views; ++i) {
    set.add(random_view(shape, random));
    ASSERT_NO_FATAL_FAILURE(set.check());
    for (int k = 0; k < 3; ++k) {
      ASSERT_NO_FATAL_FAILURE(set.check(random_view(shape, random)));
    }
  }
}

// Every second element: as many ranges as elements can make.
Layout every_second(int64_t numel) {
  return described({numel}).reshape({numel / 2, 2}).select(1, 0).layout();
}

TEST(ElementSetTest, OfNothingIsFull) {
  ElementSet set(0);
  EXPECT_TRUE(set.is_full());
  EXPECT_EQ(set.count(), 0);
  const Layout none = described({0}).layout();
  EXPECT_TRUE(set.contains(none));
  EXPECT_TRUE(set.missing(none).empty());
  set.add(none);
  EXPECT_TRUE(set.is_full());
}

TEST(ElementSetTest, BeginsEmpty) {
  const ElementSet set(5);
  const Layout all = described({5}).layout();
  EXPECT_FALSE(set.is_full());
  EXPECT_EQ(set.count(), 0);
  EXPECT_FALSE(set.contains(all));
  EXPECT_TRUE(set.contains(described({5}).narrow(0, 2, 0).layout()));
  EXPECT_EQ(set.missing(all).ranges(), (std::vector<Range>{{0, 5}}));
}

TEST(ElementSetTest, RangesAreWhatBoolsAre) {
  std::mt19937 random(1);
  const Shape shape = {3, 4, 5, 2};
  for (int trial = 0; trial < 300; ++trial) {
    Checked set(120);
    ASSERT_NO_FATAL_FAILURE(add_random_views(set, shape, 1 + trial % 12, random));
  }
}

TEST(ElementSetTest, BitsAreWhatBoolsAre) {
  std::mt19937 random(2);
  // 15001 is no multiple of 64: the last word has bits that are no elements.
  const std::vector<Shape> shapes = {{3, 5000}, {15001}, {30, 2, 250}};
  for (int trial = 0; trial < 9; ++trial) {
    const Shape& shape = shapes[static_cast<size_t>(trial) % shapes.size()];
    const int64_t numel = checked_numel("test", shape);
    Checked set(numel);
    set.add(every_second(numel / 2 * 2));
    ASSERT_NO_FATAL_FAILURE(set.check());
    ASSERT_NO_FATAL_FAILURE(add_random_views(set, shape, 25, random));
    set.add({{numel}, {1}, 0});
    ASSERT_NO_FATAL_FAILURE(set.check());
  }
}

TEST(ElementSetTest, NothingIsLostWhereBitsTakeOver) {
  constexpr int64_t kNumel = 3 * 5000;
  const Tensor table = described({3, 5000});
  Checked set(kNumel);
  // Columns that do not touch, each of three ranges: the 1366th goes over 4096 in its middle.
  for (int64_t column = 0; column < 1360; ++column) set.add(table.select(1, 2 * column).layout());
  for (int64_t column = 1360; column < 1372; ++column) {
    set.add(table.select(1, 2 * column).layout());
    ASSERT_NO_FATAL_FAILURE(set.check());
    ASSERT_NO_FATAL_FAILURE(set.check(table.select(1, 2 * column).layout()));
    ASSERT_NO_FATAL_FAILURE(set.check(table.select(1, 2 * column + 1).layout()));
  }
  for (int64_t column = 0; column < 5000; ++column) set.add(table.select(1, column).layout());
  ASSERT_NO_FATAL_FAILURE(set.check());
}

TEST(ElementSetTest, BitsAtTheEdgesOfWords) {
  constexpr int64_t kNumel = 64 * 200;
  for (const int64_t begin : {0, 1, 63, 64, 65, 127, 128}) {
    for (const int64_t length : {1, 62, 63, 64, 65, 127, 128, 129, 192}) {
      Checked set(kNumel);
      // Far from what is looked at.
      const Layout far = every_second(kNumel - 512);
      set.add({far.shape, far.strides, 512});
      set.add({{length}, {1}, begin});
      ASSERT_NO_FATAL_FAILURE(set.check());
      ASSERT_NO_FATAL_FAILURE(set.check({{length}, {1}, begin}));
      ASSERT_NO_FATAL_FAILURE(set.check({{length + 1}, {1}, begin}));
      if (begin > 0) {
        ASSERT_NO_FATAL_FAILURE(set.check({{length + 1}, {1}, begin - 1}));
      }
    }
  }
}

// No time is asserted; were a column looked for among all before it, this would be felt.
TEST(ElementSetTest, FillsColumnByColumn) {
  constexpr int64_t kColumns = 20000;
  const Tensor table = described({3, kColumns});
  ElementSet set(3 * kColumns);
  // First those of odd number: the ranges touch nowhere.
  for (const int64_t first : {1, 0}) {
    for (int64_t column = first; column < kColumns; column += 2) {
      ASSERT_FALSE(set.is_full());
      set.add(table.select(1, column).layout());
    }
  }
  EXPECT_TRUE(set.is_full());
  EXPECT_EQ(set.count(), 3 * kColumns);
  EXPECT_TRUE(set.contains(table.layout()));
  EXPECT_TRUE(set.missing(table.layout()).empty());
}

TEST(ElementSetTest, AStorageKnowsWhatWasWrittenColumnByColumn) {
  constexpr int64_t kColumns = 5000;
  const Tensor table = empty({3, kColumns});
  for (int64_t column = 0; column < kColumns; column += 2) fill_(table.select(1, column), 7);
  EXPECT_EQ(table.state(), State::kPartial);
  EXPECT_EQ(table.storage()->unwritten(table.layout()).count(), 3 * kColumns / 2);
  EXPECT_TRUE(table.select(1, 4998).is_initialized());
  EXPECT_FALSE(table.select(1, 4999).is_initialized());
  for (int64_t column = 1; column < kColumns; column += 2) {
    ASSERT_EQ(table.state(), State::kPartial);
    fill_(table.select(1, column), 7);
  }
  EXPECT_EQ(table.state(), State::kInitialized);
}

}  // namespace
}  // namespace hollow
