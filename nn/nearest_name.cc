#include "nn/nearest_name.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

// Without its first part; "" for the last.
absl::string_view tail_of(absl::string_view name) {
  const size_t dot = name.find('.');
  return dot == absl::string_view::npos ? absl::string_view() : name.substr(dot + 1);
}

// Whether that tail says which name is meant: "weight" alone is that of many.
bool is_telling(absl::string_view tail, absl::string_view name) {
  return tail.find('.') != absl::string_view::npos || 2 * tail.size() >= name.size();
}

// The name with a '#' for each number in it, and those numbers.
std::pair<std::string, std::vector<uint64_t>> without_numbers(absl::string_view name) {
  std::string text;
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < name.size();) {
    const size_t begin = i;
    while (i < name.size() && absl::ascii_isdigit(name[i])) ++i;
    uint64_t number = 0;
    if (i > begin && absl::SimpleAtoi(name.substr(begin, i - begin), &number)) {
      text += '#';
      numbers.push_back(number);
    } else if (i > begin) {
      absl::StrAppend(&text, name.substr(begin, i - begin));  // more than a number holds
    } else {
      text += name[i++];
    }
  }
  return {std::move(text), std::move(numbers)};
}

}  // namespace

NearestName::NearestName(std::vector<std::string> names) : names_(std::move(names)) {
  // A '#' of a name's own is no number, so names with the same text may have more or fewer.
  std::map<std::pair<std::string, size_t>, size_t> places;
  for (const std::string& name : names_) {
    auto [text, numbers] = without_numbers(name);
    const auto [place, is_new] = places.try_emplace({text, numbers.size()}, patterns_.size());
    if (is_new) patterns_.push_back({std::move(text), {}});
    patterns_[place->second].names.try_emplace(std::move(numbers), &name);
    for (absl::string_view tail = name; !tail.empty(); tail = tail_of(tail)) {
      const std::string*& shortest = by_tail_.try_emplace(tail, &name).first->second;
      if (name.size() < shortest->size()) shortest = &name;
    }
  }
}

std::string NearestName::of(absl::string_view key) const {
  const std::string* name = behind_a_prefix(key);
  if (name == nullptr) name = by_distance(key);
  return name == nullptr ? "" : *name;
}

const std::string* NearestName::behind_a_prefix(absl::string_view key) const {
  const auto longer = by_tail_.find(key);
  if (longer != by_tail_.end() && is_telling(key, *longer->second)) return longer->second;
  for (absl::string_view tail = key; !tail.empty() && is_telling(tail, key); tail = tail_of(tail)) {
    const auto found = by_tail_.find(tail);
    if (found != by_tail_.end() && *found->second == tail) return found->second;
  }
  return nullptr;
}

const std::string* NearestName::by_distance(absl::string_view key) const {
  const auto [text, numbers] = without_numbers(key);
  const Pattern* best = nullptr;
  size_t least = text.size() * 2 + 1;
  for (const Pattern& each : patterns_) {
    const size_t limit = std::min(least, std::max(text.size(), each.text.size()) / 2 + 1);
    const size_t far = distance(text, each.text, limit);
    if (far >= limit) continue;
    least = far;
    best = &each;
  }
  return best == nullptr ? nullptr : by_numbers(*best, numbers);
}

const std::string* NearestName::by_numbers(const Pattern& pattern, const Numbers& wanted) {
  // All have as many numbers. The last ones belong together: "blocks.2.fc" lacks what is in front.
  const size_t count = pattern.names.begin()->first.size();
  Numbers chosen;
  for (size_t i = 0; i < count; ++i) {
    const size_t from_end = count - i;
    chosen.push_back(from_end > wanted.size() ? 0 : wanted[wanted.size() - from_end]);
    // Of those that begin as chosen so far, the one before the next higher, or that.
    const auto agrees = [&](auto each) {
      return each != pattern.names.end() &&
             std::equal(chosen.begin(), chosen.end() - 1, each->first.begin());
    };
    auto found = pattern.names.upper_bound(chosen);
    if (agrees(found) && found->first[i] == chosen[i]) continue;
    if (found != pattern.names.begin() && agrees(std::prev(found))) --found;
    chosen[i] = found->first[i];
  }
  return pattern.names.find(chosen)->second;
}

}  // namespace hollow::nn
