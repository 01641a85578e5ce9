#include "nn/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace hollow::nn {
namespace {

// The distance, or some number from `limit` on where it is not below that.
size_t distance(absl::string_view a, absl::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= limit) return limit;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    size_t least = row[0];
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
      least = std::min(least, row[j + 1]);
    }
    if (least >= limit) return limit;
  }
  return row.back();
}

}  // namespace

std::string nearest_name(absl::string_view name, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  size_t least = name.size() * 2 + 1;
  for (const std::string& each : names) {
    const size_t far =
        distance(name, each, std::min(least, std::max(name.size(), each.size()) / 2 + 1));
    if (far >= std::min(least, std::max(name.size(), each.size()) / 2 + 1)) continue;
    least = far;
    best = &each;
  }
  return best == nullptr ? "" : *best;
}

}  // namespace hollow::nn
