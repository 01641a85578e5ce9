#include "tensor/overlap.h"

#include <cstdint>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "tests/tensor/elements.h"

namespace hollow {
namespace {

std::set<size_t> elements(const Layout& layout) {
  std::set<size_t> result;
  testing::for_each_element(layout, [&](size_t at) { result.insert(at); });
  return result;
}

bool overlaps_slowly(const Layout& a, const Layout& b) {
  const std::set<size_t> in_a = elements(a);
  for (const size_t element : elements(b)) {
    if (in_a.contains(element)) return true;
  }
  return false;
}

// Narrows, expansions, merges and swaps of a contiguous [4, 3, 5].
Layout random_layout(std::mt19937& random) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  Layout layout = {{4, 3, 5}, {15, 5, 1}, 0};
  if (below(4) == 0) layout = {{12, 5}, {5, 1}, 0};
  for (size_t d = 0; d < layout.shape.size(); ++d) {
    const int64_t start = below(layout.shape[d]);
    const int64_t length = below(16) == 0 ? 0 : 1 + below(layout.shape[d] - start);
    layout.offset += start * layout.strides[d];
    layout.shape[d] = length;
    if (below(8) == 0) layout.strides[d] = 0;
  }
  if (below(2) == 0) {
    std::swap(layout.shape[0], layout.shape[1]);
    std::swap(layout.strides[0], layout.strides[1]);
  }
  return layout;
}

TEST(OverlapTest, AgreesWithSetsOfElements) {
  std::mt19937 random(7);
  int overlapping = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Layout a = random_layout(random);
    const Layout b = random_layout(random);
    const bool expected = overlaps_slowly(a, b);
    overlapping += expected;
    ASSERT_EQ(overlaps(a, b), expected)
        << to_string(a.shape) << to_string(a.strides) << a.offset << " and " << to_string(b.shape)
        << to_string(b.strides) << b.offset;
  }
  EXPECT_GT(overlapping, 1000);
  EXPECT_LT(overlapping, 19'000);
}

TEST(OverlapTest, TellsViewsOfAHugeTensorApartAtOnce) {
  constexpr int64_t kRows = int64_t{1} << 50;
  const Layout left = {{kRows, 2}, {4, 1}, 0};
  const Layout right = {{kRows, 2}, {4, 1}, 2};
  const Layout middle = {{kRows, 2}, {4, 1}, 1};
  EXPECT_FALSE(overlaps(left, right));
  EXPECT_TRUE(overlaps(left, middle));
  EXPECT_TRUE(overlaps(middle, right));
}

}  // namespace
}  // namespace hollow
