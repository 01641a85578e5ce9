// Sums and products of elements, the same in every room: low precision computes in f32 and
// rounds once; i64 wraps around, in unsigned arithmetic, since in signed it would be undefined.
#ifndef HOLLOW_KERNELS_ARITHMETIC_H_
#define HOLLOW_KERNELS_ARITHMETIC_H_

#include <cstdint>
#include <type_traits>

#include "kernels/hd.h"
#include "kernels/scalar.h"

namespace hollow::kernels {

template <typename T>
using Wrapping = std::conditional_t<std::is_same_v<T, int64_t>, uint64_t, Compute<T>>;

struct Sum {
  // b is an element, or a Compute<T>.
  template <typename T, typename B>
  HOLLOW_HD static T of(T a, B b) {
    return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
  }
};

struct Product {
  template <typename T, typename B>
  HOLLOW_HD static T of(T a, B b) {
    return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
  }
};

// a + factor * b in one fma.
struct ScaledSum {
  template <typename T>
  HOLLOW_HD static T of(T a, T b, Compute<T> factor) {
    return static_cast<T>(fma_rn(static_cast<Compute<T>>(b), factor, static_cast<Compute<T>>(a)));
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_ARITHMETIC_H_
