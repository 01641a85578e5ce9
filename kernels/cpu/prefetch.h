// For sources of one instruction set (kernels/cpu/isa.h): asks for what a loop will read soon.
#ifndef HOLLOW_KERNELS_CPU_PREFETCH_H_
#define HOLLOW_KERNELS_CPU_PREFETCH_H_

#include <cstdint>

namespace hollow::kernels {
namespace {

// The lines of kCount elements, 1 KiB on from `from`.
template <int64_t kCount, typename T>
[[gnu::always_inline]] inline void prefetch(const T* from) {
  constexpr int64_t kAhead = 1024;
  constexpr int64_t kLine = 64;
  for (int64_t byte = 0; byte < kCount * static_cast<int64_t>(sizeof(T)); byte += kLine) {
    __builtin_prefetch(reinterpret_cast<const char*>(from) + kAhead + byte);
  }
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_PREFETCH_H_
