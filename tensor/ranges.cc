#include "tensor/ranges.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"

namespace hollow {

bool for_each_run(const Layout& layout, absl::FunctionRef<bool(Range)> function) {
  const int64_t numel = layout.numel();
  if (numel == 0) return true;
  if (layout.is_dense()) return function({layout.offset, layout.offset + numel});

  // Dimensions by descending stride, without those that lead nowhere new. The trailing ones that
  // follow each other without a gap make one run.
  absl::InlinedVector<std::pair<int64_t, int64_t>, 8> dims;
  for (size_t d = 0; d < layout.shape.size(); ++d) {
    if (layout.shape[d] > 1 && layout.strides[d] != 0) {
      dims.emplace_back(layout.strides[d], layout.shape[d]);
    }
  }
  std::sort(dims.rbegin(), dims.rend());
  int64_t run = 1;
  while (!dims.empty() && dims.back().first == run) {
    run *= dims.back().second;
    dims.pop_back();
  }

  absl::InlinedVector<int64_t, 8> index(dims.size(), 0);
  int64_t at = layout.offset;
  while (true) {
    if (!function({at, at + run})) return false;
    size_t d = dims.size();
    while (d > 0 && ++index[d - 1] == dims[d - 1].second) {
      at -= dims[d - 1].first * (dims[d - 1].second - 1);
      index[--d] = 0;
    }
    if (d == 0) return true;
    at += dims[d - 1].first;
  }
}

Ranges::Ranges(int64_t begin, int64_t end) { append({begin, end}); }

Ranges Ranges::touched_by(const Layout& layout) {
  Ranges result;
  for_each_run(layout, [&](Range run) {
    result.append(run);
    return true;
  });
  return result;
}

int64_t Ranges::count() const {
  int64_t count = 0;
  for (const Range& range : ranges_) count += range.end - range.begin;
  return count;
}

std::vector<Range>::const_iterator Ranges::find(int64_t begin) const {
  return std::lower_bound(ranges_.begin(), ranges_.end(), begin,
                          [](const Range& range, int64_t at) { return range.end < at; });
}

bool Ranges::contains(Range range) const {
  if (range.begin >= range.end) return true;
  auto it = find(range.begin);
  if (it != ranges_.end() && it->end == range.begin) ++it;
  return it != ranges_.end() && it->begin <= range.begin && range.end <= it->end;
}

bool Ranges::intersects(const Ranges& other) const {
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    if (a->end <= b->begin) {
      ++a;
    } else if (b->end <= a->begin) {
      ++b;
    } else {
      return true;
    }
  }
  return false;
}

int64_t Ranges::add(Range range) {
  if (range.begin >= range.end) return 0;
  const auto first = find(range.begin);
  auto last = first;
  int64_t known = 0;
  Range sum = range;
  for (; last != ranges_.end() && last->begin <= range.end; ++last) {
    known +=
        std::max<int64_t>(0, std::min(last->end, range.end) - std::max(last->begin, range.begin));
    sum = {std::min(sum.begin, last->begin), std::max(sum.end, last->end)};
  }
  if (first == last) {
    ranges_.insert(first, sum);
  } else {
    const auto kept = ranges_.begin() + (first - ranges_.cbegin());
    *kept = sum;
    ranges_.erase(first + 1, last);
  }
  return range.end - range.begin - known;
}

Ranges Ranges::minus(const Ranges& other) const {
  Ranges rest;
  auto cut = other.ranges_.begin();
  for (Range range : ranges_) {
    while (cut != other.ranges_.end() && cut->end <= range.begin) ++cut;
    for (auto next = cut; next != other.ranges_.end() && next->begin < range.end; ++next) {
      rest.append({range.begin, next->begin});
      range.begin = next->end;
    }
    rest.append(range);
  }
  return rest;
}

void Ranges::append(Range range) {
  if (range.begin >= range.end) return;
  if (!ranges_.empty() && range.begin <= ranges_.back().end) {
    ranges_.back().end = std::max(ranges_.back().end, range.end);
  } else {
    ranges_.push_back(range);
  }
}

}  // namespace hollow
