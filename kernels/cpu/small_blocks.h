// Small blocks of the host's memory, which tensors of a row or a few channels come and go with.
//
// malloc takes as long for an aligned block as a kernel for the row that is in it. So a block that
// is freed is kept for the next one of that size, rounded up to 64 bytes, on the thread that freed
// it: 1 MiB a thread at most, until the thread ends. AddressSanitizer reports whoever touches what
// is kept.
#ifndef HOLLOW_KERNELS_CPU_SMALL_BLOCKS_H_
#define HOLLOW_KERNELS_CPU_SMALL_BLOCKS_H_

#include <cstddef>

namespace hollow::kernels {

inline constexpr size_t kMostSmallBytes = size_t{32} << 10;

// 0 < bytes <= kMostSmallBytes; aligned to 64 bytes. Null where the system has not that much.
void* allocate_small(size_t bytes) noexcept;

// Takes what allocate_small gave for so many bytes, on any thread.
void deallocate_small(void* memory, size_t bytes) noexcept;

// What this thread keeps.
size_t kept_small_bytes() noexcept;

// Gives that back.
void drop_small_blocks() noexcept;

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SMALL_BLOCKS_H_
