// Elements of a layout by index arithmetic, one by one: what sets of ranges are held against.
#ifndef HOLLOW_TESTS_TENSOR_ELEMENTS_H_
#define HOLLOW_TESTS_TENSOR_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/ranges.h"
#include "tensor/shape.h"

namespace hollow::testing {

using Bitmap = std::vector<bool>;

// Calls the function with each element's number, in row-major order.
template <typename Function>
void for_each_element(const Layout& layout, Function function) {
  for (int64_t i = 0; i < layout.numel(); ++i) {
    int64_t rest = i;
    int64_t at = layout.offset;
    for (size_t d = layout.shape.size(); d-- > 0;) {
      at += rest % layout.shape[d] * layout.strides[d];
      rest /= layout.shape[d];
    }
    function(static_cast<size_t>(at));
  }
}

inline Bitmap touched(const Layout& layout, size_t size) {
  Bitmap result(size, false);
  for_each_element(layout, [&](size_t at) { result[at] = true; });
  return result;
}

// Expects the ranges to be in order, and joined where they touch.
inline Bitmap bitmap(const Ranges& ranges, size_t size) {
  Bitmap result(size, false);
  int64_t previous_end = -1;
  for (const Range& range : ranges.ranges()) {
    EXPECT_LT(previous_end, range.begin) << "sorted, and joined where they touch";
    EXPECT_LT(range.begin, range.end);
    for (int64_t i = range.begin; i < range.end; ++i) result[static_cast<size_t>(i)] = true;
    previous_end = range.end;
  }
  return result;
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_TENSOR_ELEMENTS_H_
