// The scalar types that the language lacks, Half (IEEE binary16) and BFloat16, and conversion
// between any two element types. Kernels compute in f32, and f64 in f64, and round once, to nearest
// even, when they store. Integer arithmetic only, so that host and device give the same bits.
#ifndef HOLLOW_KERNELS_SCALAR_H_
#define HOLLOW_KERNELS_SCALAR_H_

#include <cstdint>
#include <type_traits>

#include "kernels/hd.h"

namespace hollow::kernels {

struct BFloat16 {
  uint16_t bits;

  BFloat16() = default;
  HOLLOW_HD explicit BFloat16(float value) {
    const uint32_t u = bits_of(value);
    const uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    const bool is_nan = (u & 0x7fffffff) > 0x7f800000;
    bits = static_cast<uint16_t>(is_nan ? (u >> 16) | 0x40 : rounded);
  }
  HOLLOW_HD explicit operator float() const { return float_of_bits(uint32_t{bits} << 16); }
};

struct Half {
  uint16_t bits;

  Half() = default;
  HOLLOW_HD explicit Half(float value) {
    const uint32_t u = bits_of(value);
    const uint32_t sign = (u >> 16) & 0x8000;
    const uint32_t magnitude = u & 0x7fffffff;
    // Below 2^-14 a Half counts in steps of 2^-24, which is just what f32 does in [0.5, 1).
    const uint32_t subnormal = bits_of(float_of_bits(magnitude) + 0.5f) - bits_of(0.5f);
    const uint32_t normal = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t result = magnitude < 0x38800000 ? subnormal : normal;
    result = magnitude >= 0x477ff000 ? 0x7c00 : result;
    result = magnitude > 0x7f800000 ? 0x7e00 : result;
    bits = static_cast<uint16_t>(sign | result);
  }
  HOLLOW_HD explicit operator float() const {
    const uint32_t sign = (uint32_t{bits} & 0x8000) << 16;
    const uint32_t magnitude = uint32_t{bits} & 0x7fff;
    const uint32_t subnormal =
        bits_of(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
    const uint32_t normal = (magnitude << 13) + 0x38000000;
    uint32_t result = magnitude < 0x400 ? subnormal : normal;
    result = magnitude >= 0x7c00 ? (magnitude << 13) | 0x7f800000 : result;
    return float_of_bits(sign | result);
  }
};

template <typename T>
inline constexpr bool kIsFloating =
    std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// The type a kernel computes in: f32 for the floating types that are no larger, else the type
// itself.
template <typename T>
using Compute = std::conditional_t<kIsFloating<T> && sizeof(T) <= sizeof(float), float, T>;

// The value of `from` as a T. Floating to integer drops the fraction; NaN becomes 0 and what is out
// of range the nearest end. To bool: whether it differs from 0. i64 and f64 to Half or BFloat16 go
// by f32.
template <typename T, typename S>
HOLLOW_HD inline T convert(S from) {
  if constexpr (std::is_same_v<T, S>) {
    return from;
  } else if constexpr (kIsFloating<S> && !std::is_floating_point_v<S>) {
    return convert<T>(static_cast<float>(from));
  } else if constexpr (std::is_same_v<T, bool>) {
    return from != S{0};
  } else if constexpr (kIsFloating<T>) {
    return static_cast<T>(static_cast<Compute<T>>(from));
  } else if constexpr (std::is_floating_point_v<S>) {
    if (!(from >= S(-0x1p63))) return from < 0 ? INT64_MIN : 0;
    return from < S(0x1p63) ? static_cast<int64_t>(from) : INT64_MAX;
  } else {
    return static_cast<T>(from);
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_SCALAR_H_
