// What a thread of the CUDA copy does, for the host too: a test runs it there.
#ifndef HOLLOW_KERNELS_COPY_THREAD_H_
#define HOLLOW_KERNELS_COPY_THREAD_H_

#include <cstdint>

#include "kernels/hd.h"
#include "kernels/vector.h"

namespace hollow::kernels {

// Vectors of 16 bytes: so many a thread, and so many bytes a block of them.
inline constexpr int kCopyVectors = 4;
inline constexpr int kCopyThreads = 256;
inline constexpr int64_t kCopyTile = int64_t{16} * kCopyVectors * kCopyThreads;

// At least one, so that there is somebody for the bytes behind the last whole vector.
inline int64_t copy_blocks(int64_t bytes) {
  return bytes < kCopyTile ? 1 : (bytes + kCopyTile - 1) / kCopyTile;
}

// y[i] = x[i] of the block's bytes that are the thread's. Both begin at multiples of 16 and are the
// same, or apart. All loads come before the first store.
template <Caching kCaching>
HOLLOW_HD inline void copy_thread(char* y, const char* x, int64_t bytes, int64_t block,
                                  int thread) {
  const int64_t first = block * kCopyTile + int64_t{16} * thread;
  const int64_t whole = bytes - bytes % 16;
  Vector<char, 16> vector[kCopyVectors];
  for (int i = 0; i < kCopyVectors; ++i) {
    const int64_t at = first + int64_t{16} * kCopyThreads * i;
    if (at < whole) vector[i] = load_vector<16, kCaching>(x + at);
  }
  for (int i = 0; i < kCopyVectors; ++i) {
    const int64_t at = first + int64_t{16} * kCopyThreads * i;
    if (at < whole) store_vector<kCaching>(y + at, vector[i]);
  }
  if (block == 0 && whole + thread < bytes) y[whole + thread] = x[whole + thread];
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_COPY_THREAD_H_
