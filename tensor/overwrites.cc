#include "tensor/overwrites.h"

#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

namespace hollow {
namespace {

constexpr size_t kMostRanges = 4096;

bool are_few(const Ranges& ranges) { return ranges.ranges().size() <= kMostRanges; }

// One for all: it is taken where a slot is written in parts, or restored, never on the hot path.
std::mutex& lock_of_all() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Overwrites& Overwrites::operator=(const Overwrites& other) {
  if (this == &other) return *this;
  const std::lock_guard lock(lock_of_all());
  if (other.ranges() != nullptr) {
    set(std::make_unique<Ranges>(*other.ranges()));
  } else {
    set(other.word_.load(std::memory_order_relaxed));
  }
  return *this;
}

void Overwrites::clear() {
  const std::lock_guard lock(lock_of_all());
  set(kNone);
}

void Overwrites::add_slowly(const Layout& layout, int64_t numel) {
  const std::lock_guard lock(lock_of_all());
  if (layout.numel() == numel || word_ == kAll) return set(kAll);
  try {
    if (ranges() == nullptr) set(std::make_unique<Ranges>());
    const bool fits = for_each_run(layout, [&](Range run) {
      ranges()->add(run);
      return are_few(*ranges());
    });
    if (fits) return;
  } catch (const std::bad_alloc&) {
  }
  set(kAll);
}

void Overwrites::restore_slowly(const Layout& layout, int64_t numel) {
  const std::lock_guard lock(lock_of_all());
  if (layout.numel() == numel) return set(kNone);
  try {
    Ranges restored;
    const bool fits = for_each_run(layout, [&](Range run) {
      restored.append(run);
      return are_few(restored);
    });
    if (!fits || !any()) return;
    auto left =
        std::make_unique<Ranges>((word_ == kAll ? Ranges(0, numel) : *ranges()).minus(restored));
    if (left->empty()) return set(kNone);
    if (!are_few(*left)) return set(kAll);
    set(std::move(left));
  } catch (const std::bad_alloc&) {
    // Then what was restored still counts.
  }
}

Ranges* Overwrites::ranges() const {
  const uintptr_t word = word_.load(std::memory_order_relaxed);
  return word == kNone || word == kAll ? nullptr : reinterpret_cast<Ranges*>(word);
}

void Overwrites::set(uintptr_t word) {
  const std::unique_ptr<Ranges> old(ranges());
  word_.store(word, std::memory_order_relaxed);
}

void Overwrites::set(std::unique_ptr<Ranges> ranges) {
  set(reinterpret_cast<uintptr_t>(ranges.release()));
}

}  // namespace hollow
