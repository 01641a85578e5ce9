// Sets of element numbers as sorted, disjoint, half-open ranges: which elements of a storage were
// written, and which elements a layout touches.
#ifndef HOLLOW_TENSOR_RANGES_H_
#define HOLLOW_TENSOR_RANGES_H_

#include <cstdint>
#include <vector>

#include "tensor/shape.h"

namespace hollow {

struct Range {
  int64_t begin = 0;
  int64_t end = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

class Ranges {
 public:
  Ranges() = default;
  // Empty where begin == end.
  Ranges(int64_t begin, int64_t end);

  // The elements that a layout touches, which must be a view of a dense one. One range for a dense
  // layout; for a strided one, work and memory in the number of its contiguous runs.
  static Ranges touched_by(const Layout& layout);

  int64_t count() const;
  bool empty() const { return ranges_.empty(); }
  bool contains_all(const Ranges& other) const { return other.minus(*this).empty(); }
  bool intersects(const Ranges& other) const;

  void add(const Ranges& other);
  Ranges minus(const Ranges& other) const;

  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  // Joins with the last range where they touch. Ranges come in order of their beginnings.
  void append(Range range);

  std::vector<Range> ranges_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_RANGES_H_
