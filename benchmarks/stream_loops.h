// The loops of benchmarks/streams.h in the widest vectors of the instruction set that the source
// which includes this is compiled for. In a cache, half of the width is half of the speed.
#ifndef HOLLOW_BENCHMARKS_STREAM_LOOPS_H_
#define HOLLOW_BENCHMARKS_STREAM_LOOPS_H_

#ifdef __SSE2__
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstring>

#include "benchmarks/stream_set.h"

namespace hollow::benchmarks {
namespace {

#if defined(__AVX512F__)
constexpr int64_t kVector = 64;
#elif defined(__AVX2__)
constexpr int64_t kVector = 32;
#else
constexpr int64_t kVector = 16;
#endif
constexpr int64_t kLine = 64;
constexpr int64_t kAhead = 1024;  // bytes from a load to its prefetch

using Vector = uint64_t __attribute__((vector_size(kVector), may_alias));

volatile uint64_t zero = 0;

struct How {
  bool prefetches;
  bool halves;  // both at once, so that more pages of the memory are open
  bool around;  // the caches, so that no line is read before it is overwritten; needs SSE2
};
constexpr How kPlain = {}, kPrefetch = {.prefetches = true}, kHalves = {.halves = true},
              kAround = {.prefetches = true, .around = true},
              kAroundInHalves = {.prefetches = true, .halves = true, .around = true};

// Calls line(at) for every line.
template <How kHow, typename Line>
[[gnu::always_inline]] inline void for_each_line(int64_t bytes, Line line) {
  const int64_t half = kHow.halves ? bytes / kLine / 2 * kLine : 0;
  for (int64_t i = 0; i < half; i += kLine) {
    line(i);
    line(half + i);
  }
#pragma GCC unroll 4
  for (int64_t i = 2 * half; i < bytes; i += kLine) line(i);
#ifdef __SSE2__
  if (kHow.around) _mm_sfence();
#endif
}

template <How kHow>
[[gnu::always_inline]] inline void store(Vector* to, Vector value) {
#if defined(__AVX512F__)
  if constexpr (kHow.around) return _mm512_stream_si512((__m512i*)to, (__m512i)value);
#elif defined(__AVX2__)
  if constexpr (kHow.around) return _mm256_stream_si256((__m256i*)to, (__m256i)value);
#elif defined(__SSE2__)
  if constexpr (kHow.around) return _mm_stream_si128((__m128i*)to, (__m128i)value);
#endif
  *to = value;
}

template <How kHow>
void copy(char* to, const char* from, const char*, int64_t bytes) {
  for_each_line<kHow>(bytes, [&](int64_t i) {
    if constexpr (kHow.prefetches) __builtin_prefetch(from + i + kAhead);
    for (int64_t k = 0; k < kLine; k += kVector) {
      store<kHow>(reinterpret_cast<Vector*>(to + i + k),
                  *reinterpret_cast<const Vector*>(from + i + k));
    }
  });
}

template <How kHow>
void update(char* to, const char*, const char*, int64_t bytes) {
  const uint64_t mask = zero;
  for_each_line<kHow>(bytes, [&](int64_t i) {
    if constexpr (kHow.prefetches) __builtin_prefetch(to + i + kAhead, 1);
    for (int64_t k = 0; k < kLine; k += kVector) {
      *reinterpret_cast<Vector*>(to + i + k) ^= mask;
    }
  });
}

template <How kHow>
void merge(char* to, const char* from, const char* beside, int64_t bytes) {
  const uint64_t mask = zero;
  for_each_line<kHow>(bytes, [&](int64_t i) {
    if constexpr (kHow.prefetches) {
      __builtin_prefetch(from + i + kAhead);
      __builtin_prefetch(beside + i + kAhead);
    }
    for (int64_t k = 0; k < kLine; k += kVector) {
      const auto x = *reinterpret_cast<const Vector*>(from + i + k);
      const auto z = *reinterpret_cast<const Vector*>(beside + i + k);
      store<kHow>(reinterpret_cast<Vector*>(to + i + k), z ^ (x & mask));
    }
  });
}

template <How kHow>
void store_ones(char* to, const char*, const char*, int64_t bytes) {
  const Vector ones = Vector{} + 0x0101010101010101u;
  for_each_line<kHow>(bytes, [&](int64_t i) {
    for (int64_t k = 0; k < kLine; k += kVector) {
      store<kHow>(reinterpret_cast<Vector*>(to + i + k), ones);
    }
  });
}

void copy_with_memcpy(char* to, const char* from, const char*, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}

void store_with_memset(char* to, const char*, const char*, int64_t bytes) {
  std::memset(to, 1, static_cast<size_t>(bytes));
}

constexpr StreamSet kStreams = {
    .copy = {copy_with_memcpy, copy<kPlain>, copy<kAround>, copy<kAroundInHalves>},
    .update = {update<kPlain>, update<kPrefetch>, update<kHalves>},
    .merge = {merge<kPlain>, merge<kPrefetch>, merge<kHalves>, merge<kAround>,
              merge<kAroundInHalves>},
    .store = {store_with_memset, store_ones<kAround>},
};

}  // namespace
}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_STREAM_LOOPS_H_
