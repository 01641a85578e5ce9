// Sizes, strides and the arithmetic on them. Everything counts elements, and nothing here touches
// memory, so it is the same on every device.
#ifndef HOLLOW_TENSOR_SHAPE_H_
#define HOLLOW_TENSOR_SHAPE_H_

#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hollow {

using Shape = absl::InlinedVector<int64_t, 4>;
using Strides = absl::InlinedVector<int64_t, 4>;

// "[2, 3]"; "[]" for a scalar.
std::string to_string(absl::Span<const int64_t> sizes);

// As ==, without memcmp: these loops are short.
inline bool same_shape(const Shape& a, const Shape& b) {
  bool same = a.size() == b.size();
  for (size_t d = 0; same && d < a.size(); ++d) same = a[d] == b[d];
  return same;
}

// The product of the sizes, 1 for a scalar. Throws Error(kShape) of that op for a negative size,
// for more than kernels::kMaxRank dimensions, and where the elements would not be countable in 64
// bits with 8 bytes each.
int64_t checked_numel(absl::string_view op, absl::Span<const int64_t> shape);

// Row-major strides: the last dimension has stride 1.
Strides contiguous_strides(const Shape& shape);

// Where a tensor's elements lie in its storage: element (i0, i1, ...) is number
// offset + i0*strides[0] + i1*strides[1] + ...
struct Layout {
  Shape shape;
  Strides strides;
  int64_t offset = 0;

  int64_t numel() const {
    int64_t numel = 1;
    for (const int64_t size : shape) numel *= size;
    return numel;
  }
  // Element i is element offset + i of the storage.
  bool is_contiguous() const {
    const int64_t* const sizes = shape.data();
    const int64_t* const steps = strides.data();
    int64_t expected = 1;  // in the end the number of elements
    bool in_order = true;
    for (size_t d = shape.size(); d-- > 0;) {
      in_order &= sizes[d] == 1 || steps[d] == expected;
      expected *= sizes[d];
    }
    return in_order || expected == 0;
  }
  // A permutation of a contiguous layout: every element once, without gaps.
  bool is_dense() const { return is_contiguous() || is_dense_in_some_order(); }
  bool is_dense_in_some_order() const;
  // Two indices lead to one element (an expanded dimension).
  bool repeats() const {
    const int64_t* const sizes = shape.data();
    const int64_t* const steps = strides.data();
    bool stretched = false, empty = false;
    for (size_t d = 0, rank = shape.size(); d < rank; ++d) {
      stretched |= steps[d] == 0 && sizes[d] > 1;
      empty |= sizes[d] == 0;
    }
    return stretched && !empty;
  }

  // The same elements in the same order: strides of dimensions of size 1 do not matter.
  bool is_equivalent(const Layout& other) const;

  // Inline and without memcmp, as all that is asked before every kernel: these loops are short.
  friend bool operator==(const Layout& a, const Layout& b) {
    if (a.offset != b.offset || a.shape.size() != b.shape.size()) return false;
    bool same = true;
    for (size_t d = 0; d < a.shape.size(); ++d) {
      same = same && a.shape[d] == b.shape[d] && a.strides[d] == b.strides[d];
    }
    return same;
  }
};

// Dimension d of a tensor with that many, where -1 is the last. Throws Error(kShape) if there is
// none.
int checked_dim(absl::string_view op, int64_t dim, absl::Span<const int64_t> shape);

// The common shape of two by broadcasting: aligned at the last dimension, a size 1 or a missing one
// stretches. Throws Error(kShape) of that op where two sizes differ and neither is 1.
Shape broadcast_shapes(absl::string_view op, absl::Span<const int64_t> a,
                       absl::Span<const int64_t> b);

// The layout seen as the larger shape, with stride 0 where it is stretched. Throws Error(kShape).
Layout expanded(absl::string_view op, const Layout& layout, absl::Span<const int64_t> shape);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_SHAPE_H_
