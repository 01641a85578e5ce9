// Some vectors of one instruction set side by side, as the Lanes that distributions are written in
// (kernels/lanes.h). A chain of operations on one vector leaves a core waiting for each result;
// several such chains, one operation of each after the other, fill the time.
//
// For sources that are compiled for one instruction set, as lanes_*.h.
#ifndef HOLLOW_KERNELS_CPU_PACK_H_
#define HOLLOW_KERNELS_CPU_PACK_H_

#include <cstdint>
#include <utility>

namespace hollow::kernels {
namespace {

#define HOLLOW_INLINE [[gnu::always_inline]] inline

// kCount vectors of the compiler's. A number converts to that number in every lane.
template <typename Vector, int kCount>
struct Pack {
  using Element = decltype(Vector{}[0] + Vector{}[0]);

  Pack() = default;
  // Minus zero, because it keeps the sign of a zero, as plus would not.
  HOLLOW_INLINE Pack(Element x) : Pack(of([&](int) { return x - Vector{}; })) {}

  // {function(0), function(1), ...}, without a loop: g++ keeps an array that is indexed in one in
  // memory, and not in registers.
  template <typename Function>
  HOLLOW_INLINE static Pack of(Function function) {
    return of(function, std::make_integer_sequence<int, kCount>{});
  }

#define HOLLOW_BINARY(op)                                 \
  HOLLOW_INLINE friend Pack operator op(Pack a, Pack b) { \
    return of([&](int i) { return a.v[i] op b.v[i]; });   \
  }
  HOLLOW_BINARY(+)
  HOLLOW_BINARY(-)
  HOLLOW_BINARY(*)
  HOLLOW_BINARY(/)
  HOLLOW_BINARY(&)
  HOLLOW_BINARY(^)
#undef HOLLOW_BINARY
  HOLLOW_INLINE friend Pack operator<<(Pack a, int n) {
    return of([&](int i) { return a.v[i] << n; });
  }
  HOLLOW_INLINE friend Pack operator>>(Pack a, int n) {
    return of([&](int i) { return a.v[i] >> n; });
  }
  HOLLOW_INLINE friend Pack operator-(Pack a) {
    return of([&](int i) { return -a.v[i]; });
  }
  HOLLOW_INLINE friend Pack operator~(Pack a) {
    return of([&](int i) { return ~a.v[i]; });
  }

  // All ones or all zeros in each lane.
  using Mask = Pack<decltype(Vector{} < Vector{}), kCount>;
  HOLLOW_INLINE friend Mask operator<(Pack a, Pack b) {
    return Mask::of([&](int i) { return a.v[i] < b.v[i]; });
  }
  HOLLOW_INLINE friend Mask operator==(Pack a, Pack b) {
    return Mask::of([&](int i) { return a.v[i] == b.v[i]; });
  }
  HOLLOW_INLINE friend Mask operator!=(Pack a, Pack b) {
    return Mask::of([&](int i) { return a.v[i] != b.v[i]; });
  }

  Vector v[kCount];

 private:
  template <typename Function, int... kIndex>
  HOLLOW_INLINE static Pack of(Function function, std::integer_sequence<int, kIndex...>) {
    Pack result;
    ((result.v[kIndex] = function(kIndex)), ...);
    return result;
  }
};

template <typename Vectors, int kCount>
struct Packed {
  using Float = Pack<typename Vectors::Float, kCount>;
  using Word = Pack<typename Vectors::Word, kCount>;
  using Int = Pack<typename Vectors::Int, kCount>;

  HOLLOW_INLINE static Float all(float x) { return Float(x); }
  HOLLOW_INLINE static Float fma(Float a, Float b, Float c) {
    return Float::of([&](int i) { return Vectors::fma(a.v[i], b.v[i], c.v[i]); });
  }
  HOLLOW_INLINE static Float sqrt(Float x) {
    return Float::of([&](int i) { return Vectors::sqrt(x.v[i]); });
  }
  HOLLOW_INLINE static Float reciprocal(Float x) { return 1.0f / x; }
  HOLLOW_INLINE static Float to_float(Word n) {
    return Float::of([&](int i) { return Vectors::to_float(n.v[i]); });
  }
  HOLLOW_INLINE static Float to_float(Int n) {
    return Float::of([&](int i) { return Vectors::to_float(n.v[i]); });
  }
  template <typename Mask, typename T>
  HOLLOW_INLINE static T select(Mask mask, T yes, T no) {
    return T::of([&](int i) { return mask.v[i] ? yes.v[i] : no.v[i]; });
  }
  HOLLOW_INLINE static Word bits(Float x) { return as<Word>(x); }
  HOLLOW_INLINE static Float from_bits(Word bits) { return as<Float>(bits); }
  HOLLOW_INLINE static Int as_int(Word n) { return as<Int>(n); }
  HOLLOW_INLINE static Word as_word(Int n) { return as<Word>(n); }

 private:
  template <typename To, typename From>
  HOLLOW_INLINE static To as(From from) {
    return To::of([&](int i) { return (decltype(To::v[0] + To::v[0]))from.v[i]; });
  }
};

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_PACK_H_
