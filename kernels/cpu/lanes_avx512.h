// Lanes (kernels/lanes.h) of AVX-512 F, BW, DQ and VL: sixteen f32, or eight 64-bit words. See
// lanes_avx2.h, which this follows line by line, but for AcrossLines.
#ifndef HOLLOW_KERNELS_CPU_LANES_AVX512_H_
#define HOLLOW_KERNELS_CPU_LANES_AVX512_H_

#include <immintrin.h>

#include <cstdint>

#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

struct Avx512 {
  static constexpr int kFloats = 16;
  static constexpr int kWides = 8;
  static constexpr int64_t kFirstCache = 48 << 10;  // others have 32 KiB

  using Float [[gnu::vector_size(64)]] = float;
  using Word [[gnu::vector_size(64)]] = uint32_t;
  using Int [[gnu::vector_size(64)]] = int32_t;
  using Wide [[gnu::vector_size(64)]] = uint64_t;
  using Narrow [[gnu::vector_size(32)]] = uint16_t;

  static Float fma(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float sqrt(Float x) { return _mm512_sqrt_ps(x); }
  static Float to_float(Int n) { return _mm512_cvtepi32_ps((__m512i)n); }
  static Float to_float(Word n) { return _mm512_cvtepu32_ps((__m512i)n); }

  static Wide multiply_low(Wide a, Wide b) {
    return (Wide)_mm512_mul_epu32((__m512i)a, (__m512i)b);
  }
  static Wide join(Wide low, Wide high) {
    return (Wide)_mm512_mask_blend_epi32(0xaaaa, (__m512i)low, (__m512i)(high << 32));
  }

  // Of each 128 bits the pairs below take one lane: the even lanes are the first half of the
  // blocks.
  static constexpr Wide kOrder = {0, 4, 1, 5, 2, 6, 3, 7};
  static Wide in_order(Wide x) {
    return (Wide)_mm512_permutexvar_epi64((__m512i)kOrder, (__m512i)x);
  }
  static Wide load(const uint64_t* from) { return (Wide)_mm512_loadu_si512(from); }

  static Word even_pairs(Word a, Word b) {
    return (Word)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b);
  }
  static Word odd_pairs(Word a, Word b) {
    return (Word)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b);
  }
  static Float even_fours(Float a, Float b) { return _mm512_unpacklo_ps(a, b); }
  static Float odd_fours(Float a, Float b) { return _mm512_unpackhi_ps(a, b); }

  static Float load(const float* from) { return _mm512_loadu_ps(from); }
  static Float load(const Half* from) { return _mm512_cvtph_ps(load_narrow(from)); }

  struct Two {
    Float a, b;
  };
  template <typename T>
  static Two load_two(const T* from) {
    return {load(from), load(from + kFloats)};
  }
  static Two load_two(const BFloat16* from) {
    const Word both = (Word)_mm512_loadu_si512(from);
    return {(Float)(both << 16), (Float)(both & 0xffff0000u)};
  }
  template <typename T>
  static void store_two(T* to, Two x) {
    store(to, x.a);
    store(to + kFloats, x.b);
  }
  static void store_two(BFloat16* to, Two x) { _mm512_storeu_si512(to, narrow_two(x)); }
  template <typename T>
  static void stream_two(T* to, Two x) {
    stream(to, x.a);
    stream(to + kFloats, x.b);
  }
  static void stream_two(BFloat16* to, Two x) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), narrow_two(x));
  }

  // A reader (table_order.h) that wants to begin at no multiple of 64 bytes. A load across two
  // lines takes as long as two, so each line is loaded once, and of two a vector is put together.
  // Reads whole lines, as far as they hold anything that is asked for.
  class AcrossLines {
   public:
    explicit AcrossLines(const float* first) {
      const auto address = reinterpret_cast<uintptr_t>(first);
      const auto past = static_cast<int>(address % 64 / sizeof(float));
      line_ = first - past;
      order_ = past + kFirst;
      last_ = _mm512_load_ps(line_);
    }
    Float next() {
      const Float before = last_;
      line_ += kFloats;
      last_ = _mm512_load_ps(line_);
      return _mm512_permutex2var_ps(before, (__m512i)order_, last_);
    }

   private:
    static constexpr Int kFirst = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    const float* line_;
    Int order_;
    Float last_;
  };

  struct Doubles {
    __m512d low, high;
  };
  static Doubles to_doubles(Float x) {
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(x)),
            _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))};
  }
  static Float to_float(Doubles x) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(x.low)),
                              _mm512_cvtpd_ps(x.high), 1);
  }

  static void store(float* to, Float x) { _mm512_storeu_ps(to, x); }
  static void stream(float* to, Float x) { _mm512_stream_ps(to, x); }
  template <typename T>
  static void store(T* to, Float x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), narrow(x, T{}));
  }
  template <typename T>
  static void stream(T* to, Float x) {
    _mm256_stream_si256(reinterpret_cast<__m256i*>(to), narrow(x, T{}));
  }

 private:
  static __m256i load_narrow(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static __m256i narrow(Float x, Half) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
  static __m256i narrow(Float x, BFloat16) {
    return (__m256i) __builtin_convertvector(rounded(x) >> 16, Narrow);
  }
  static __m512i narrow_two(Two x) {
    const Word a = (Word)x.a + 0x8000u, b = (Word)x.b + 0x8000u;
    const __m512i high = _mm512_mask_blend_epi16(0xaaaaaaaa, (__m512i)(a >> 16), (__m512i)b);
    const __m512i low = _mm512_mask_blend_epi16(0xaaaaaaaa, (__m512i)a, (__m512i)(b << 16));
    return _mm512_andnot_si512(_mm512_subs_epu16(_mm512_set1_epi16(1), low), high);
  }
  static Word rounded(Float x) {
    const Word u = (Word)x;
    return u + 0x7fffu + ((u >> 16) & 1u);
  }
};

using Vectors = Avx512;

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_LANES_AVX512_H_
