// Several elements that move between memory and registers in one access of 16, 8, 4 or 2 bytes, for
// kernels that are bound by bandwidth.
//
//   const auto x = load_vector<16, Caching::kKept>(from);   // from is aligned to 16 bytes
//   float value[Vector<T, 16>::kCount];
//   widen(x, value);
//   store_vector<Caching::kKept>(to, narrow<T, 16>(value));
//
// On a device (sm_80 or later) 16-bit types are converted by its instructions, two elements in one
// of them: by the integer arithmetic of kernels/scalar.h the conversions, and not the memory, would
// set the pace. The values are the same, rounded to nearest even with no flush to zero; only which
// NaN a NaN becomes may differ. On the host it is that arithmetic, so that what a kernel does can
// be tested there.
#ifndef HOLLOW_KERNELS_VECTOR_H_
#define HOLLOW_KERNELS_VECTOR_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/hd.h"
#include "kernels/scalar.h"

namespace hollow::kernels {

// What the L2 is to do with the bytes: as it does by itself, or drop them first. A kernel that
// writes more than the cache holds streams what it writes; where its inputs nearly fit, those too.
enum class Caching { kKept, kStreamsStores, kStreamsAll };

// `written` and `touched` (read or written, counted once) in bytes, of a cache of `l2` bytes.
inline Caching caching_for(int64_t written, int64_t touched, int64_t l2) {
  if (touched <= l2 || 2 * written <= l2) return Caching::kKept;
  return touched <= 2 * l2 ? Caching::kStreamsAll : Caching::kStreamsStores;
}

// The widest access for addresses and distances whose bitwise or is `bits`.
inline int widest_vector(uint64_t bits) {
  const uint64_t lowest = bits & (~bits + 1);
  return lowest == 0 || lowest > 16 ? 16 : static_cast<int>(lowest);
}

template <typename T, int kBytes>
struct alignas(kBytes) Vector {
  static_assert(kBytes >= int{sizeof(T)});
  static constexpr int kCount = kBytes / int{sizeof(T)};
  using Word = std::conditional_t<kBytes == 2, uint16_t, uint32_t>;
  static constexpr int kWords = kBytes / int{sizeof(Word)};

  Word word[kWords];
};

namespace vector_internal {

#ifdef __CUDA_ARCH__
// The built-in type of so many bytes, which the streaming accesses ask for.
template <int kBytes>
struct BuiltIn;
template <>
struct BuiltIn<16> {
  using Type = uint4;
};
template <>
struct BuiltIn<8> {
  using Type = uint2;
};
template <>
struct BuiltIn<4> {
  using Type = unsigned int;
};
template <>
struct BuiltIn<2> {
  using Type = unsigned short;
};
#endif

// The two elements of a word, the one at the lower address first.
HOLLOW_HD inline void unpack(uint32_t word, BFloat16, float& low, float& high) {
  low = float_of_bits(word << 16);
  high = float_of_bits(word & 0xffff0000u);
}

HOLLOW_HD inline void unpack(uint32_t word, Half, float& low, float& high) {
  const auto low_bits = static_cast<uint16_t>(word);
  const auto high_bits = static_cast<uint16_t>(word >> 16);
#ifdef __CUDA_ARCH__
  asm("cvt.f32.f16 %0, %1;" : "=f"(low) : "h"(low_bits));
  asm("cvt.f32.f16 %0, %1;" : "=f"(high) : "h"(high_bits));
#else
  Half half;
  half.bits = low_bits;
  low = static_cast<float>(half);
  half.bits = high_bits;
  high = static_cast<float>(half);
#endif
}

HOLLOW_HD inline uint32_t pack(float low, float high, BFloat16) {
#ifdef __CUDA_ARCH__
  uint32_t word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return BFloat16(low).bits | uint32_t{BFloat16(high).bits} << 16;
#endif
}

HOLLOW_HD inline uint32_t pack(float low, float high, Half) {
#ifdef __CUDA_ARCH__
  uint32_t word;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
#else
  return Half(low).bits | uint32_t{Half(high).bits} << 16;
#endif
}

}  // namespace vector_internal

template <int kBytes, Caching kCaching, typename T>
HOLLOW_HD inline Vector<T, kBytes> load_vector(const T* from) {
  Vector<T, kBytes> vector;
#ifdef __CUDA_ARCH__
  if constexpr (kCaching == Caching::kStreamsAll) {
    using BuiltIn = typename vector_internal::BuiltIn<kBytes>::Type;
    const BuiltIn bits = __ldcs(reinterpret_cast<const BuiltIn*>(from));
    __builtin_memcpy(&vector, &bits, kBytes);
  } else {
    vector = *reinterpret_cast<const Vector<T, kBytes>*>(from);
  }
#else
  std::memcpy(&vector, from, kBytes);
#endif
  return vector;
}

template <Caching kCaching, typename T, int kBytes>
HOLLOW_HD inline void store_vector(T* to, const Vector<T, kBytes>& vector) {
#ifdef __CUDA_ARCH__
  if constexpr (kCaching != Caching::kKept) {
    using BuiltIn = typename vector_internal::BuiltIn<kBytes>::Type;
    BuiltIn bits;
    __builtin_memcpy(&bits, &vector, kBytes);
    __stcs(reinterpret_cast<BuiltIn*>(to), bits);
  } else {
    *reinterpret_cast<Vector<T, kBytes>*>(to) = vector;
  }
#else
  std::memcpy(to, &vector, kBytes);
#endif
}

template <typename T, int kBytes>
HOLLOW_HD inline void widen(const Vector<T, kBytes>& vector,
                            float (&value)[Vector<T, kBytes>::kCount]) {
  if constexpr (std::is_same_v<T, float>) {
    HOLLOW_UNROLL
    for (int i = 0; i < Vector<T, kBytes>::kCount; ++i) value[i] = float_of_bits(vector.word[i]);
  } else if constexpr (Vector<T, kBytes>::kCount == 1) {
    float nothing;
    vector_internal::unpack(vector.word[0], T{}, value[0], nothing);
  } else {
    HOLLOW_UNROLL
    for (int i = 0; i < Vector<T, kBytes>::kWords; ++i) {
      vector_internal::unpack(vector.word[i], T{}, value[2 * i], value[2 * i + 1]);
    }
  }
}

// Each value rounded once to T.
template <typename T, int kBytes>
HOLLOW_HD inline Vector<T, kBytes> narrow(const float (&value)[Vector<T, kBytes>::kCount]) {
  Vector<T, kBytes> vector;
  if constexpr (std::is_same_v<T, float>) {
    HOLLOW_UNROLL
    for (int i = 0; i < Vector<T, kBytes>::kCount; ++i) vector.word[i] = bits_of(value[i]);
  } else if constexpr (Vector<T, kBytes>::kCount == 1) {
    vector.word[0] = static_cast<uint16_t>(vector_internal::pack(value[0], 0.0f, T{}));
  } else {
    HOLLOW_UNROLL
    for (int i = 0; i < Vector<T, kBytes>::kWords; ++i) {
      vector.word[i] = vector_internal::pack(value[2 * i], value[2 * i + 1], T{});
    }
  }
  return vector;
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_VECTOR_H_
