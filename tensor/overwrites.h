// Which elements of a storage an op has written since the slot's writer, or a load, last did. The
// audit reads it.
#ifndef HOLLOW_TENSOR_OVERWRITES_H_
#define HOLLOW_TENSOR_OVERWRITES_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "tensor/ranges.h"
#include "tensor/shape.h"

namespace hollow {

// Exact while the elements are a few thousand ranges. Beyond that, and where memory for them ends,
// all count as overwritten, until all are restored at once. Any thread may call at any time.
class Overwrites {
 public:
  Overwrites() = default;
  Overwrites& operator=(const Overwrites& other);

  bool any() const { return extent_.load(std::memory_order_relaxed) != Extent::kNone; }

  // Layouts are views of numel elements. Once all are overwritten, this takes no lock.
  void add(const Layout& layout, int64_t numel) {
    if (extent_.load(std::memory_order_relaxed) != Extent::kAll) add_slowly(layout, numel);
  }
  void restore(const Layout& layout, int64_t numel) {
    if (any()) restore_slowly(layout, numel);
  }
  void clear();

 private:
  enum class Extent : uint8_t { kNone, kSome, kAll };

  void add_slowly(const Layout& layout, int64_t numel);
  void restore_slowly(const Layout& layout, int64_t numel);
  void set(Extent extent, std::unique_ptr<Ranges> ranges = nullptr);

  std::atomic<Extent> extent_{Extent::kNone};
  std::unique_ptr<Ranges> ranges_;  // of kSome, and else null
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OVERWRITES_H_
