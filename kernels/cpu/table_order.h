// In which order a table of f32, of factors or of sums, lies in memory beside elements of T: as
// they do, but for BFloat16 those of even index come first and the others half a table on. A load
// of BFloat16 is widened into these two by a shift and a mask; from a table in the elements' order
// their factors would have to be put together of quarters, at one a cycle.
//
// Such a table holds a period, which is even then, and kScaleStep more.
#ifndef HOLLOW_KERNELS_CPU_TABLE_ORDER_H_
#define HOLLOW_KERNELS_CPU_TABLE_ORDER_H_

#include <cstdint>
#include <type_traits>

#include "kernels/cpu/scale_flat.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

template <typename T>
constexpr bool kByParity = std::is_same_v<T, BFloat16>;

// What to add to a number for that of its neighbour in the table.
template <typename T>
constexpr int64_t kKinds = kByParity<T> ? 2 : 1;

// From number j to number j + i, for an even i.
template <typename T>
[[gnu::always_inline]] inline int64_t along(int64_t i) {
  return kByParity<T> ? i >> 1 : i;
}

// Where number j is.
template <typename T>
[[gnu::always_inline]] inline int64_t place(int64_t j, int64_t period) {
  const bool is_behind = kByParity<T> && (j & 1) != 0;
  return along<T>(j) + (is_behind ? (period + kScaleStep) / 2 : 0);
}

// From number j to the next; the same for j + 2, j + 4, ...
template <typename T>
[[gnu::always_inline]] inline int64_t to_next(int64_t j, int64_t period) {
  return place<T>(j + 1, period) - place<T>(j, period);
}

// For Lanes::load_two(elements + i), i even, where the table's for `elements` is at `first`.
template <typename Lanes, typename T>
[[gnu::always_inline]] inline typename Lanes::Two load_table(const float* first, int64_t next,
                                                             int64_t i) {
  if constexpr (!kByParity<T>) return Lanes::load_two(first + i);
  return {Lanes::load(first + along<T>(i)), Lanes::load(first + along<T>(i) + next)};
}

// A reader: next() is the first vector of an f32 array, then the one behind it, and so on.
template <typename Lanes>
class Consecutive {
 public:
  [[gnu::always_inline]] explicit Consecutive(const float* first) : at_(first) {}
  [[gnu::always_inline]] typename Lanes::Float next() {
    const typename Lanes::Float x = Lanes::load(at_);
    at_ += Lanes::kFloats;
    return x;
  }

 private:
  const float* at_;
};

// load_table() for i = 0, 2 * kFloats, 4 * kFloats, ..., by readers.
template <typename T, typename Reader>
class TableReader {
 public:
  [[gnu::always_inline]] TableReader(const float* first, int64_t next)
      : first_(first), second_(first + next) {}
  template <typename Two>
  [[gnu::always_inline]] void read(Two& two) {
    two.a = first_.next();
    two.b = kByParity<T> ? second_.next() : first_.next();
  }

 private:
  Reader first_;
  Reader second_;
};

// Calls use(TableReader) for the table's numbers from `first` on. Where vectors would be in two
// lines each, and there is a reader for that, it is by that one; but BFloat16 waits for arithmetic
// already.
template <typename Lanes, typename T, typename Use>
[[gnu::always_inline]] inline void read_table(const float* first, int64_t next, const Use& use) {
  if constexpr (!kByParity<T> && requires { typename Lanes::AcrossLines; }) {
    if (reinterpret_cast<uintptr_t>(first) % 64 != 0) {
      return use(TableReader<T, typename Lanes::AcrossLines>(first, next));
    }
  }
  use(TableReader<T, Consecutive<Lanes>>(first, next));
}

template <typename Lanes, typename T>
[[gnu::always_inline]] inline void store_table(float* first, int64_t next, int64_t i,
                                               typename Lanes::Two x) {
  if constexpr (!kByParity<T>) return Lanes::store_two(first + i, x);
  Lanes::store(first + along<T>(i), x.a);
  Lanes::store(first + along<T>(i) + next, x.b);
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_TABLE_ORDER_H_
