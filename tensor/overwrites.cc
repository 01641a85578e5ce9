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
  set(other.extent_, other.ranges_ == nullptr ? nullptr : std::make_unique<Ranges>(*other.ranges_));
  return *this;
}

void Overwrites::clear() {
  const std::lock_guard lock(lock_of_all());
  set(Extent::kNone);
}

void Overwrites::add_slowly(const Layout& layout, int64_t numel) {
  const std::lock_guard lock(lock_of_all());
  if (layout.numel() == numel || extent_ == Extent::kAll) return set(Extent::kAll);
  try {
    if (ranges_ == nullptr) ranges_ = std::make_unique<Ranges>();
    const bool fits = for_each_run(layout, [&](Range run) {
      ranges_->add(run);
      return are_few(*ranges_);
    });
    if (fits) return set(Extent::kSome, std::move(ranges_));
  } catch (const std::bad_alloc&) {
  }
  set(Extent::kAll);
}

void Overwrites::restore_slowly(const Layout& layout, int64_t numel) {
  const std::lock_guard lock(lock_of_all());
  if (layout.numel() == numel) return set(Extent::kNone);
  try {
    Ranges restored;
    const bool fits = for_each_run(layout, [&](Range run) {
      restored.append(run);
      return are_few(restored);
    });
    if (!fits || !any()) return;
    auto left = std::make_unique<Ranges>(
        (extent_ == Extent::kAll ? Ranges(0, numel) : *ranges_).minus(restored));
    if (left->empty()) return set(Extent::kNone);
    if (!are_few(*left)) return set(Extent::kAll);
    set(Extent::kSome, std::move(left));
  } catch (const std::bad_alloc&) {
    // Then what was restored still counts.
  }
}

void Overwrites::set(Extent extent, std::unique_ptr<Ranges> ranges) {
  ranges_ = std::move(ranges);
  extent_.store(extent, std::memory_order_relaxed);
}

}  // namespace hollow
