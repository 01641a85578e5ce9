// Asks for what a loop will read soon.
#ifndef HOLLOW_KERNELS_CPU_PREFETCH_H_
#define HOLLOW_KERNELS_CPU_PREFETCH_H_

#include <cstdint>

namespace hollow::kernels {
namespace {

constexpr int64_t kPrefetchAhead = 1024;  // bytes

template <typename T>
[[gnu::always_inline]] inline void prefetch_lines(const T* from, int64_t bytes) {
  constexpr int64_t kLine = 64;
  for (int64_t byte = 0; byte < bytes; byte += kLine) {
    __builtin_prefetch(reinterpret_cast<const char*>(from) + byte);
  }
}

// For a loop that is at `from`: kCount elements, so far on.
template <int64_t kCount, typename T>
[[gnu::always_inline]] inline void prefetch(const T* from) {
  constexpr int64_t kItem = sizeof(T);
  prefetch_lines(from + kPrefetchAhead / kItem, kCount * kItem);
}

// For a loop that comes to those elements next: as far as it does not ask for them itself.
template <typename T>
inline void prefetch_begin(const T* next, int64_t count) {
  const int64_t bytes = count * static_cast<int64_t>(sizeof(T));
  prefetch_lines(next, bytes < kPrefetchAhead ? bytes : kPrefetchAhead);
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_PREFETCH_H_
