#include "tensor/overlap.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "tensor/ranges.h"

namespace hollow {
namespace {

using Numbers = absl::InlinedVector<int64_t, 8>;

// The strides that lead anywhere, of both, in descending order and down to 1.
Numbers strides_of_both(const Layout& a, const Layout& b) {
  Numbers strides = {1};
  for (const Layout* const layout : {&a, &b}) {
    for (size_t d = 0; d < layout->shape.size(); ++d) {
      if (layout->shape[d] > 1 && layout->strides[d] > 0) strides.push_back(layout->strides[d]);
    }
  }
  std::sort(strides.begin(), strides.end(), std::greater<>());
  strides.erase(std::unique(strides.begin(), strides.end()), strides.end());
  return strides;
}

// Element numbers written with the strides as the places of digits, a layout is a box: in each
// digit an interval. Nothing where a digit would carry into the next, so that it is none.
struct Interval {
  int64_t first;
  int64_t last;
};
std::optional<absl::InlinedVector<Interval, 8>> box_of(const Layout& layout,
                                                       const Numbers& strides) {
  absl::InlinedVector<Interval, 8> box;
  int64_t rest = layout.offset;
  for (size_t i = 0; i < strides.size(); ++i) {
    int64_t size = 1;
    for (size_t d = 0; d < layout.shape.size(); ++d) {
      if (layout.shape[d] > 1 && layout.strides[d] == strides[i]) size *= layout.shape[d];
    }
    const int64_t first = rest / strides[i];
    const int64_t last = first + size - 1;
    rest %= strides[i];
    const bool carries =
        i > 0 && (strides[i - 1] % strides[i] != 0 || last >= strides[i - 1] / strides[i]);
    if (carries) return std::nullopt;
    box.push_back({first, last});
  }
  return box;
}

}  // namespace

bool overlaps(const Layout& a, const Layout& b) {
  if (a.numel() == 0 || b.numel() == 0) return false;
  const Numbers strides = strides_of_both(a, b);
  const auto box_a = box_of(a, strides);
  const auto box_b = box_of(b, strides);
  if (!box_a.has_value() || !box_b.has_value()) {
    return Ranges::touched_by(a).intersects(Ranges::touched_by(b));
  }
  for (size_t i = 0; i < strides.size(); ++i) {
    const Interval& in_a = (*box_a)[i];
    const Interval& in_b = (*box_b)[i];
    if (in_a.last < in_b.first || in_b.last < in_a.first) return false;
  }
  return true;
}

}  // namespace hollow
