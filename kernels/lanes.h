#ifndef HOLLOW_KERNELS_LANES_H_
#define HOLLOW_KERNELS_LANES_H_

// What the distributions are written in: f32 and 32-bit words, one value or a vector of them at a
// time. Arithmetic, comparisons and shifts are operators, for vectors too, where a number beside a
// vector stands for a vector of it; the rest is here for one value, and in kernels/cpu for the
// vectors of each instruction set.
//
//   template <typename Lanes>
//   HOLLOW_HD inline typename Lanes::Float line(typename Lanes::Float x) {
//     return Lanes::fma(x, Lanes::all(2.0f), Lanes::all(1.0f));
//   }
//
// The promise of kernels/hd.h holds for each lane: every operation has one right answer. So the
// lanes of any instruction set give the same bits.

#include <cstdint>

#include "kernels/hd.h"

namespace hollow::kernels {

struct OneLane {
  using Float = float;
  using Word = uint32_t;
  using Int = int32_t;

  HOLLOW_HD static Float all(float x) { return x; }
  HOLLOW_HD static Float fma(Float a, Float b, Float c) { return fma_rn(a, b, c); }
  HOLLOW_HD static Float sqrt(Float x) { return sqrt_rn(x); }
  HOLLOW_HD static Float reciprocal(Float x) { return reciprocal_rn(x); }
  // To the nearest, as all the others.
  HOLLOW_HD static Float to_float(Word n) { return float_rn(n); }
  HOLLOW_HD static Float to_float(Int n) { return float_rn(n); }
  // The same bits as another type.
  HOLLOW_HD static Word bits(Float x) { return bits_of(x); }
  HOLLOW_HD static Float from_bits(Word bits) { return float_of_bits(bits); }
  HOLLOW_HD static Int as_int(Word n) { return static_cast<Int>(n); }
  HOLLOW_HD static Word as_word(Int n) { return static_cast<Word>(n); }
  // What a comparison says of each lane: which of the two it gets.
  template <typename T>
  HOLLOW_HD static T select(bool condition, T yes, T no) {
    return condition ? yes : no;
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LANES_H_
