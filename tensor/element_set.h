// Which elements of a storage were written. Writes are marked by layout, so also through strided
// views: while there are few ranges they are kept sorted, beyond that as one bit an element, so
// that filling a tensor column by column costs what its elements cost.
#ifndef HOLLOW_TENSOR_ELEMENT_SET_H_
#define HOLLOW_TENSOR_ELEMENT_SET_H_

#include <cstdint>
#include <vector>

#include "tensor/ranges.h"
#include "tensor/shape.h"

namespace hollow {

class ElementSet {
 public:
  // Of none of the elements 0 ... numel - 1.
  explicit ElementSet(int64_t numel = 0) : numel_(numel) {}

  // Layouts are views of these elements. Where memory ends (std::bad_alloc) the set holds what it
  // held before, and perhaps some of the layout.
  void add(const Layout& layout);
  bool contains(const Layout& layout) const;
  // Those of the layout that are not in the set.
  Ranges missing(const Layout& layout) const;

  int64_t count() const { return count_; }
  bool is_full() const { return count_ == numel_; }

 private:
  // From here on bits take over; 64 KiB of ranges.
  static constexpr size_t kMaxRanges = 4096;

  void use_bits();
  void set_bits(Range range);
  // The first element from `begin` on whose bit is `value`, or `end`.
  int64_t next(bool value, int64_t begin, int64_t end) const;

  int64_t numel_;
  int64_t count_ = 0;
  Ranges ranges_;               // in use while bits_ is empty
  std::vector<uint64_t> bits_;  // element i is bit i mod 64 of word i / 64
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_ELEMENT_SET_H_
