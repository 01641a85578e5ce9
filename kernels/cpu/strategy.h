// What LayerScale's kernels do differently for small and for large tensors.
#ifndef HOLLOW_KERNELS_CPU_STRATEGY_H_
#define HOLLOW_KERNELS_CPU_STRATEGY_H_

#include <cstdint>

#include "kernels/cpu/scale_flat.h"

namespace hollow::kernels {

// Elements a thread: some times what it takes to hand them to a thread that is awake.
inline constexpr int64_t kGrain = 1 << 14;
// Where the forward is cut: at whole pages or halves of them.
inline constexpr int64_t kUnit = 1 << 10;
static_assert(kUnit % kScaleStep == 0);  // so that a thread's first factor is a step's, if all are

// Inputs and output together: what is larger leaves the caches before anybody reads it. Measured
// where a core's share of the last one is 32 MiB; what the system says of its size is not to be
// trusted in a virtual machine.
inline constexpr int64_t kLeavesTheCaches = int64_t{56} << 20;

inline Stores stores_for(int64_t bytes, bool in_place) {
  return !in_place && bytes > kLeavesTheCaches ? Stores::kStreaming : Stores::kCached;
}

// What this thread has streamed comes before what it stores from now on. It waits for memory, so it
// is called once for many rows.
inline void order_stores([[maybe_unused]] Stores stores) {
#ifdef __SSE__
  if (stores == Stores::kStreaming) __builtin_ia32_sfence();
#endif
}

inline bool on_a_line(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % 64 == 0;
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_STRATEGY_H_
