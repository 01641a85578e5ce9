// Sets of element numbers as sorted, disjoint, half-open ranges: what is told of a storage, and
// what a layout touches.
#ifndef HOLLOW_TENSOR_RANGES_H_
#define HOLLOW_TENSOR_RANGES_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "tensor/shape.h"

namespace hollow {

struct Range {
  int64_t begin = 0;
  int64_t end = 0;

  friend bool operator==(const Range&, const Range&) = default;
};

// Calls the function with each contiguous run of elements that a layout touches, in ascending
// order, until it returns false; gives back whether it never did. The layout must be a view of a
// dense one, as all views are. A dense layout is one run.
bool for_each_run(const Layout& layout, absl::FunctionRef<bool(Range)> function);

class Ranges {
 public:
  Ranges() = default;
  // Empty where begin == end.
  Ranges(int64_t begin, int64_t end);

  // The elements that a layout touches; work and memory in the number of its runs.
  static Ranges touched_by(const Layout& layout);

  int64_t count() const;
  bool empty() const { return ranges_.empty(); }
  bool contains(Range range) const;
  bool intersects(const Ranges& other) const;

  // Gives back how many of them are new.
  int64_t add(Range range);
  Ranges minus(const Ranges& other) const;

  // Joins with the last range where they touch. Ranges come in order of their beginnings.
  void append(Range range);

  const std::vector<Range>& ranges() const& { return ranges_; }
  std::vector<Range> ranges() && { return std::move(ranges_); }

 private:
  // The first range that ends at `begin` or later.
  std::vector<Range>::const_iterator find(int64_t begin) const;

  std::vector<Range> ranges_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_RANGES_H_
