#include "benchmarks/streams.h"

#include <cstring>

#include "kernels/cpu/parallel.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace hollow::benchmarks {
namespace {

constexpr int64_t kLine = 64;
constexpr int64_t kAhead = 1024;  // bytes from a load to its prefetch

using Vector = uint64_t __attribute__((vector_size(32), may_alias));

volatile uint64_t zero = 0;

void copy_with_memcpy(char* to, const char* from, int64_t bytes) {
  std::memcpy(to, from, static_cast<size_t>(bytes));
}

void copy_plainly(char* to, const char* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kLine) {
    const auto* const x = reinterpret_cast<const Vector*>(from + i);
    auto* const y = reinterpret_cast<Vector*>(to + i);
    y[0] = x[0];
    y[1] = x[1];
  }
}

template <bool kPrefetch>
[[gnu::always_inline]] inline void update_lines(char* to, int64_t bytes) {
  const uint64_t mask = zero;
  for (int64_t i = 0; i < bytes; i += kLine) {
    if constexpr (kPrefetch) __builtin_prefetch(to + i + kAhead, 1);
    auto* const y = reinterpret_cast<Vector*>(to + i);
    y[0] ^= mask;
    y[1] ^= mask;
  }
}

void store_with_memset(char* to, const char*, int64_t bytes) {
  std::memset(to, 1, static_cast<size_t>(bytes));
}

template <bool kPrefetch>
void update(char* to, const char*, int64_t bytes) {
  update_lines<kPrefetch>(to, bytes);
}

#if defined(__x86_64__)

// Stores that go around the caches: for an output that would not stay there anyway, they spare
// reading it first.
void copy_around_caches(char* to, const char* from, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += kLine) {
    __builtin_prefetch(from + i + kAhead);
    const auto* const x = reinterpret_cast<const __m128i*>(from + i);
    auto* const y = reinterpret_cast<__m128i*>(to + i);
    for (int k = 0; k < 4; ++k) _mm_stream_si128(y + k, _mm_load_si128(x + k));
  }
  _mm_sfence();
}

void store_around_caches(char* to, const char*, int64_t bytes) {
  const __m128i ones = _mm_set1_epi8(1);
  for (int64_t i = 0; i < bytes; i += kLine) {
    auto* const y = reinterpret_cast<__m128i*>(to + i);
    for (int k = 0; k < 4; ++k) _mm_stream_si128(y + k, ones);
  }
  _mm_sfence();
}

// In a cache, 16 bytes at a time are half the speed of 32.
template <bool kPrefetch>
[[gnu::target("avx2")]] void update_avx2(char* to, const char*, int64_t bytes) {
  update_lines<kPrefetch>(to, bytes);
}

#endif

}  // namespace

absl::Span<const Stream> copy_streams() {
#if defined(__x86_64__)
  static constexpr Stream kStreams[] = {copy_with_memcpy, copy_plainly, copy_around_caches};
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
  static constexpr Stream kAvx2[] = {update_avx2<false>, update_avx2<true>};
  if (__builtin_cpu_supports("avx2")) return kAvx2;
#endif
  static constexpr Stream kBaseline[] = {update<false>, update<true>};
  return kBaseline;
}

void run_stream(Stream stream, Threads threads, char* to, const char* from, int64_t bytes) {
  if (threads == Threads::kOne) return stream(to, from, bytes);
  kernels::parallel_for(bytes, int64_t{1} << 16, [=](int64_t begin, int64_t end) {
    stream(to + begin, from + begin, end - begin);
  });
}

}  // namespace hollow::benchmarks
