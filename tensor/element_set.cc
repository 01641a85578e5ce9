#include "tensor/element_set.h"

#include <algorithm>
#include <bit>

namespace hollow {
namespace {

constexpr int64_t kWordBits = 64;

// Bits [begin, end) of a word, 0 <= begin < end <= 64.
uint64_t mask(int64_t begin, int64_t end) {
  const uint64_t below_end = end == kWordBits ? ~uint64_t{0} : (uint64_t{1} << end) - 1;
  return below_end & (~uint64_t{0} << begin);
}

// Calls the function with each word that the range touches, and which of its bits.
template <typename Function>
void for_each_word(Range range, Function function) {
  for (int64_t at = range.begin; at < range.end;) {
    const int64_t word = at / kWordBits;
    const int64_t first = at % kWordBits;
    const int64_t last = std::min(kWordBits, first + range.end - at);
    function(static_cast<size_t>(word), mask(first, last));
    at += last - first;
  }
}

}  // namespace

void ElementSet::add(const Layout& layout) {
  for_each_run(layout, [&](Range run) {
    if (bits_.empty() && ranges_.ranges().size() >= kMaxRanges) use_bits();
    if (bits_.empty()) {
      count_ += ranges_.add(run);
    } else {
      set_bits(run);
    }
    return true;
  });
}

bool ElementSet::contains(const Layout& layout) const {
  return for_each_run(layout, [&](Range run) {
    return bits_.empty() ? ranges_.contains(run) : next(false, run.begin, run.end) == run.end;
  });
}

Ranges ElementSet::missing(const Layout& layout) const {
  const Ranges touched = Ranges::touched_by(layout);
  if (bits_.empty()) return touched.minus(ranges_);
  Ranges result;
  for (const Range& run : touched.ranges()) {
    for (int64_t at = run.begin; at < run.end;) {
      const int64_t begin = next(false, at, run.end);
      at = next(true, begin, run.end);
      result.append({begin, at});
    }
  }
  return result;
}

void ElementSet::use_bits() {
  bits_.resize(static_cast<size_t>((numel_ + kWordBits - 1) / kWordBits));
  count_ = 0;
  for (const Range& range : ranges_.ranges()) set_bits(range);
  ranges_ = Ranges();
}

void ElementSet::set_bits(Range range) {
  for_each_word(range, [this](size_t word, uint64_t bits) {
    count_ += std::popcount(bits & ~bits_[word]);
    bits_[word] |= bits;
  });
}

int64_t ElementSet::next(bool value, int64_t begin, int64_t end) const {
  while (begin < end) {
    const int64_t first = begin % kWordBits;
    uint64_t word = bits_[static_cast<size_t>(begin / kWordBits)];
    if (!value) word = ~word;
    word &= mask(first, kWordBits);
    if (word != 0) return std::min(end, begin - first + std::countr_zero(word));
    begin += kWordBits - first;
  }
  return end;
}

}  // namespace hollow
