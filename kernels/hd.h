#ifndef HOLLOW_KERNELS_HD_H_
#define HOLLOW_KERNELS_HD_H_

// Code that is compiled once for the host and once for the device, with equal bits.
//
//   HOLLOW_HD inline float line(float x) { return fma_rn(2.0f, x, 1.0f); }
//
// HOLLOW_HD marks a function for both sides; outside a CUDA compiler it is nothing. HOLLOW_UNROLL
// before a loop keeps the arrays that it indexes in a device's registers, and HOLLOW_NO_UNROLL
// saves registers where a loop is rare or has done enough at a time. The functions below are the
// only floating-point operations that such code needs beside + - * and comparisons. Each one is a
// single IEEE-754 operation, rounded to nearest even, so it has one right answer and no
// implementation may give another: no approximate reciprocal, no flush to zero, no libm.
//
// Products that feed a sum must go through fma_rn(). A bare a * b + c may be fused or not, as the
// compiler's flags please, and then the flags would decide the bits.

#include <bit>
#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define HOLLOW_HD __host__ __device__
#else
#define HOLLOW_HD
#endif

#ifdef __CUDA_ARCH__
#define HOLLOW_UNROLL _Pragma("unroll")
#define HOLLOW_NO_UNROLL _Pragma("unroll 1")
#else
#define HOLLOW_UNROLL
#define HOLLOW_NO_UNROLL
#endif

namespace hollow::kernels {

// a * b + c, rounded once.
HOLLOW_HD inline float fma_rn(float a, float b, float c) {
#ifdef __CUDA_ARCH__
  return __fmaf_rn(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

HOLLOW_HD inline double fma_rn(double a, double b, double c) {
#ifdef __CUDA_ARCH__
  return __fma_rn(a, b, c);
#else
  return std::fma(a, b, c);
#endif
}

HOLLOW_HD inline float sqrt_rn(float x) {
#ifdef __CUDA_ARCH__
  return __fsqrt_rn(x);
#else
  return std::sqrt(x);
#endif
}

// 1 / x.
HOLLOW_HD inline float reciprocal_rn(float x) {
#ifdef __CUDA_ARCH__
  return __frcp_rn(x);
#else
  return 1.0f / x;
#endif
}

HOLLOW_HD inline float float_rn(uint32_t n) {
#ifdef __CUDA_ARCH__
  return __uint2float_rn(n);
#else
  return static_cast<float>(n);
#endif
}

HOLLOW_HD inline float float_rn(int32_t n) {
#ifdef __CUDA_ARCH__
  return __int2float_rn(n);
#else
  return static_cast<float>(n);
#endif
}

HOLLOW_HD inline uint32_t bits_of(float x) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(x);
#else
  return std::bit_cast<uint32_t>(x);
#endif
}

HOLLOW_HD inline float float_of_bits(uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_HD_H_
