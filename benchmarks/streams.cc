#include "benchmarks/streams.h"

#include <cstring>

#include "kernels/cpu/parallel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hollow::benchmarks {
namespace {

constexpr int64_t kLine = 64;
constexpr int64_t kAhead = 1024;  // bytes from a load to its prefetch

using Vector = uint64_t __attribute__((vector_size(32), may_alias));

volatile uint64_t zero = 0;

void copy_with_memcpy(char* to, const char* from, const char*, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}

// Calls line(at) for every line; of both halves at once, so that more pages of the memory are open,
// where kHalves.
template <bool kHalves, typename Line>
[[gnu::always_inline]] inline void for_each_line(int64_t bytes, Line line) {
  const int64_t half = kHalves ? bytes / kLine / 2 * kLine : 0;
  for (int64_t i = 0; i < half; i += kLine) {
    line(i);
    line(half + i);
  }
  for (int64_t i = 2 * half; i < bytes; i += kLine) line(i);
}

void copy_plainly(char* to, const char* from, const char*, int64_t bytes) {
  for_each_line<false>(bytes, [&](int64_t i) {
    const auto* const x = reinterpret_cast<const Vector*>(from + i);
    auto* const y = reinterpret_cast<Vector*>(to + i);
    y[0] = x[0];
    y[1] = x[1];
  });
}

struct How {
  bool prefetches;
  bool halves;
};
constexpr How kPlain = {false, false}, kPrefetch = {true, false}, kHalves = {false, true};

template <How kHow>
[[gnu::always_inline]] inline void update_lines(char* to, int64_t bytes) {
  const uint64_t mask = zero;
  for_each_line<kHow.halves>(
      bytes, [&](int64_t i) __attribute__((always_inline)) {
        if constexpr (kHow.prefetches) __builtin_prefetch(to + i + kAhead, 1);
        auto* const y = reinterpret_cast<Vector*>(to + i);
        y[0] ^= mask;
        y[1] ^= mask;
      });
}

template <How kHow>
[[gnu::always_inline]] inline void merge_lines(char* to, const char* from, const char* beside,
                                               int64_t bytes) {
  const uint64_t mask = zero;
  for_each_line<kHow.halves>(
      bytes, [&](int64_t i) __attribute__((always_inline)) {
        if constexpr (kHow.prefetches) {
          __builtin_prefetch(from + i + kAhead);
          __builtin_prefetch(beside + i + kAhead);
        }
        const auto* const x = reinterpret_cast<const Vector*>(from + i);
        const auto* const z = reinterpret_cast<const Vector*>(beside + i);
        auto* const y = reinterpret_cast<Vector*>(to + i);
        y[0] = z[0] ^ (x[0] & mask);
        y[1] = z[1] ^ (x[1] & mask);
      });
}

void store_with_memset(char* to, const char*, const char*, int64_t bytes) {
  std::memset(to, 1, static_cast<size_t>(bytes));
}

template <How kHow>
void update(char* to, const char*, const char*, int64_t bytes) {
  update_lines<kHow>(to, bytes);
}

template <How kHow>
void merge(char* to, const char* from, const char* beside, int64_t bytes) {
  merge_lines<kHow>(to, from, beside, bytes);
}

#if defined(__x86_64__)

// Stores that go around the caches: for an output that would not stay there anyway, they spare
// reading it first.
[[gnu::always_inline]] inline void copy_line_around_caches(char* to, const char* from) {
  __builtin_prefetch(from + kAhead);
  const auto* const x = reinterpret_cast<const __m128i*>(from);
  auto* const y = reinterpret_cast<__m128i*>(to);
  for (int k = 0; k < 4; ++k) _mm_stream_si128(y + k, _mm_load_si128(x + k));
}

template <bool kHalves>
void copy_around_caches(char* to, const char* from, const char*, int64_t bytes) {
  for_each_line<kHalves>(bytes, [&](int64_t i) { copy_line_around_caches(to + i, from + i); });
  _mm_sfence();
}

template <bool kHalves>
void merge_around_caches(char* to, const char* from, const char* beside, int64_t bytes) {
  const __m128i mask = _mm_set1_epi64x(static_cast<int64_t>(zero));
  for_each_line<kHalves>(bytes, [&](int64_t i) {
    __builtin_prefetch(from + i + kAhead);
    __builtin_prefetch(beside + i + kAhead);
    const auto* const x = reinterpret_cast<const __m128i*>(from + i);
    const auto* const z = reinterpret_cast<const __m128i*>(beside + i);
    auto* const y = reinterpret_cast<__m128i*>(to + i);
    for (int k = 0; k < 4; ++k) {
      const __m128i masked = _mm_and_si128(_mm_load_si128(x + k), mask);
      _mm_stream_si128(y + k, _mm_xor_si128(_mm_load_si128(z + k), masked));
    }
  });
  _mm_sfence();
}

void store_around_caches(char* to, const char*, const char*, int64_t bytes) {
  const __m128i ones = _mm_set1_epi8(1);
  for (int64_t i = 0; i < bytes; i += kLine) {
    auto* const y = reinterpret_cast<__m128i*>(to + i);
    for (int k = 0; k < 4; ++k) _mm_stream_si128(y + k, ones);
  }
  _mm_sfence();
}

// In a cache, 16 bytes at a time are half the speed of 32.
template <How kHow>
[[gnu::target("avx2")]] void update_avx2(char* to, const char*, const char*, int64_t bytes) {
  update_lines<kHow>(to, bytes);
}

template <How kHow>
[[gnu::target("avx2")]] void merge_avx2(char* to, const char* from, const char* beside,
                                        int64_t bytes) {
  merge_lines<kHow>(to, from, beside, bytes);
}

#endif

}  // namespace

absl::Span<const Stream> copy_streams() {
#if defined(__x86_64__)
  static constexpr Stream kStreams[] = {copy_with_memcpy, copy_plainly, copy_around_caches<false>,
                                        copy_around_caches<true>};
#else
  static constexpr Stream kStreams[] = {copy_with_memcpy, copy_plainly};
#endif
  return kStreams;
}

absl::Span<const Stream> store_streams() {
#if defined(__x86_64__)
  static constexpr Stream kStreams[] = {store_with_memset, store_around_caches};
#else
  static constexpr Stream kStreams[] = {store_with_memset};
#endif
  return kStreams;
}

absl::Span<const Stream> update_streams() {
#if defined(__x86_64__)
  static constexpr Stream kAvx2[] = {update_avx2<kPlain>, update_avx2<kPrefetch>,
                                     update_avx2<kHalves>};
  if (__builtin_cpu_supports("avx2")) return kAvx2;
#endif
  static constexpr Stream kBaseline[] = {update<kPlain>, update<kPrefetch>, update<kHalves>};
  return kBaseline;
}

absl::Span<const Stream> merge_streams() {
#if defined(__x86_64__)
  static constexpr Stream kAvx2[] = {merge_avx2<kPlain>, merge_avx2<kPrefetch>, merge_avx2<kHalves>,
                                     merge_around_caches<false>, merge_around_caches<true>};
  if (__builtin_cpu_supports("avx2")) return kAvx2;
#endif
  static constexpr Stream kBaseline[] = {merge<kPlain>, merge<kPrefetch>, merge<kHalves>};
  return kBaseline;
}

void run_stream(Stream stream, Threads threads, char* to, const char* from, const char* beside,
                int64_t bytes) {
  if (threads == Threads::kOne) return stream(to, from, beside, bytes);
  kernels::parallel_for(bytes, int64_t{1} << 16, int64_t{1} << 12, [=](int64_t begin, int64_t end) {
    stream(to + begin, from + begin, beside + begin, end - begin);
  });
}

}  // namespace hollow::benchmarks
