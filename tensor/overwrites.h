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
  ~Overwrites() { set(kNone); }
  Overwrites(const Overwrites&) = delete;
  Overwrites& operator=(const Overwrites& other);

  bool any() const { return word_.load(std::memory_order_relaxed) != kNone; }

  // Layouts are views of numel elements. Once all are overwritten, this takes no lock.
  void add(const Layout& layout, int64_t numel) {
    if (word_.load(std::memory_order_relaxed) != kAll) add_slowly(layout, numel);
  }
  void restore(const Layout& layout, int64_t numel) {
    if (any()) restore_slowly(layout, numel);
  }
  void clear();

 private:
  // Every slot has one of these, so it is a word: one of these two, or where the ranges are.
  static constexpr uintptr_t kNone = 0, kAll = 1;

  void add_slowly(const Layout& layout, int64_t numel);
  void restore_slowly(const Layout& layout, int64_t numel);
  // Under the lock of all: null where none or all are overwritten.
  Ranges* ranges() const;
  void set(uintptr_t word);
  void set(std::unique_ptr<Ranges> ranges);

  std::atomic<uintptr_t> word_{kNone};
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OVERWRITES_H_
