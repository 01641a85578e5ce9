// Lanes (kernels/lanes.h) of AVX2 with FMA and F16C: eight f32, or four 64-bit words.
//
// For sources that are compiled for this instruction set alone. The linker keeps one copy of an
// inline function, and it must not be one that only some machines can run. So all here is in an
// anonymous namespace, and of other headers such a source uses templates of these lanes alone, and
// what is in an anonymous namespace too (steps.h, table_order.h).
#ifndef HOLLOW_KERNELS_CPU_LANES_AVX2_H_
#define HOLLOW_KERNELS_CPU_LANES_AVX2_H_

#include <immintrin.h>

#include <cstdint>

#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

struct Avx2 {
  static constexpr int kFloats = 8;
  static constexpr int kWides = 4;
  // Bytes, where it was measured.
  static constexpr int64_t kFirstCache = 32 << 10;

  using Float [[gnu::vector_size(32)]] = float;
  using Word [[gnu::vector_size(32)]] = uint32_t;
  using Int [[gnu::vector_size(32)]] = int32_t;
  using Wide [[gnu::vector_size(32)]] = uint64_t;
  using Narrow [[gnu::vector_size(16)]] = uint16_t;

  static Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
  static Float sqrt(Float x) { return _mm256_sqrt_ps(x); }
  static Float to_float(Int n) { return _mm256_cvtepi32_ps((__m256i)n); }
  // There is no such instruction: both halves are exact, and their sum is rounded once.
  static Float to_float(Word n) {
    return fma(to_float((Int)(n >> 16)), 65536.0f - Float{}, to_float((Int)(n & 0xffffu)));
  }

  // The products of the lower halves.
  static Wide multiply_low(Wide a, Wide b) {
    return (Wide)_mm256_mul_epu32((__m256i)a, (__m256i)b);
  }
  // Lane i of the result is word 0 of lane i of `low`, then that of `high`.
  static Wide join(Wide low, Wide high) {
    return (Wide)_mm256_blend_epi32((__m256i)low, (__m256i)(high << 32), 0xaa);
  }

  // Lane i of a Wide is block kOrder[i] of four. The pairs below then come out in their order.
  static constexpr Wide kOrder = {0, 2, 1, 3};
  static Wide in_order(Wide x) { return (Wide)_mm256_permute4x64_epi64((__m256i)x, 0xd8); }
  static Wide load(const uint64_t* from) {
    return (Wide)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }

  // The even lanes' pairs, and the odd lanes'.
  static Word even_pairs(Word a, Word b) {
    return (Word)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b);
  }
  static Word odd_pairs(Word a, Word b) {
    return (Word)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b);
  }
  static Float even_fours(Float a, Float b) { return _mm256_unpacklo_ps(a, b); }
  static Float odd_fours(Float a, Float b) { return _mm256_unpackhi_ps(a, b); }

  static Float load(const float* from) { return _mm256_loadu_ps(from); }
  static Float load(const Half* from) { return _mm256_cvtph_ps(load_narrow(from)); }

  // Two vectors' worth of elements: as they lie there, but of BFloat16 the even ones and the odd
  // ones.
  struct Two {
    Float a, b;
  };
  template <typename T>
  static Two load_two(const T* from) {
    return {load(from), load(from + kFloats)};
  }
  static Two load_two(const BFloat16* from) {
    const Word both = (Word)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return {(Float)(both << 16), (Float)(both & 0xffff0000u)};
  }
  template <typename T>
  static void store_two(T* to, Two x) {
    store(to, x.a);
    store(to + kFloats, x.b);
  }
  static void store_two(BFloat16* to, Two x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), narrow_two(x));
  }
  template <typename T>
  static void stream_two(T* to, Two x) {
    stream(to, x.a);
    stream(to + kFloats, x.b);
  }
  static void stream_two(BFloat16* to, Two x) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), narrow_two(x));
  }

  // As many f64.
  struct Doubles {
    __m256d low, high;
  };
  static Doubles to_doubles(Float x) {
    return {_mm256_cvtps_pd(_mm256_castps256_ps128(x)),
            _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))};
  }
  static Float to_float(Doubles x) {
    return _mm256_set_m128(_mm256_cvtpd_ps(x.high), _mm256_cvtpd_ps(x.low));
  }

  // A store that streams goes around the caches, and wants an aligned address.
  static void store(float* to, Float x) { _mm256_storeu_ps(to, x); }
  static void stream(float* to, Float x) { _mm256_stream_ps(to, x); }
  template <typename T>
  static void store(T* to, Float x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), narrow(x, T{}));
  }
  template <typename T>
  static void stream(T* to, Float x) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to), narrow(x, T{}));
  }

 private:
  static __m128i load_narrow(const void* from) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  }
  static __m128i narrow(Float x, Half) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
  static __m128i narrow(Float x, BFloat16) {
    return (__m128i) __builtin_convertvector(rounded(x) >> 16, Narrow);
  }
  // As rounded() does each, with fewer operations for both: half a digit is added, and where that
  // left nothing, x was half-way, and the even one of its neighbours has a last bit of 0.
  static __m256i narrow_two(Two x) {
    const Word a = (Word)x.a + 0x8000u, b = (Word)x.b + 0x8000u;
    const __m256i high = _mm256_blend_epi16((__m256i)(a >> 16), (__m256i)b, 0xaa);
    const __m256i low = _mm256_blend_epi16((__m256i)a, (__m256i)(b << 16), 0xaa);
    return _mm256_andnot_si256(_mm256_subs_epu16(_mm256_set1_epi16(1), low), high);
  }
  // In the upper halves. Not for a NaN that has digits in its lower one, as none has that comes of
  // BFloat16.
  static Word rounded(Float x) {
    const Word u = (Word)x;
    return u + 0x7fffu + ((u >> 16) & 1u);
  }
};

using Vectors = Avx2;

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_LANES_AVX2_H_
