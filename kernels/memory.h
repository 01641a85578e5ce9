// Memory of a place, and copies between places. Sizes are in bytes; 0 bytes are a null pointer.
//
// allocate throws Failure(kOutOfMemory) and then has changed nothing. The memory is aligned to 64
// bytes (CUDA: 256) and its contents are indeterminate, unless it says that they are zero: then
// nobody has touched them, and who wants zeros has them without a write. deallocate takes what
// allocate gave, of the same place, and for how many bytes; or null. It never throws. On CUDA both
// are ordered by the place's stream.
//
// copy goes from any place to any place. It returns when `from` may be changed and, where `to` is
// the Cpu, when the bytes have arrived.
#ifndef HOLLOW_KERNELS_MEMORY_H_
#define HOLLOW_KERNELS_MEMORY_H_

#include <cstddef>

#include "kernels/place.h"

namespace hollow::kernels {

struct Allocation {
  void* memory = nullptr;
  bool zero = false;  // every byte is known to be 0
};

Allocation allocate(Cpu, size_t bytes);
Allocation allocate(Cuda place, size_t bytes);

void deallocate(Cpu, void* memory, size_t bytes) noexcept;
void deallocate(Cuda place, void* memory, size_t bytes) noexcept;

void copy(Cpu, void* to, Cpu, const void* from, size_t bytes);
void copy(Cuda to_place, void* to, Cpu, const void* from, size_t bytes);
void copy(Cpu, void* to, Cuda from_place, const void* from, size_t bytes);
void copy(Cuda to_place, void* to, Cuda from_place, const void* from, size_t bytes);

// Gives back to the system what is kept of freed memory for the next that is allocated.
void empty_cache(Cpu) noexcept;
// Waits for what was enqueued there, since memory is freed on streams.
void empty_cache(Cuda place);

// Waits until everything enqueued on the place's device is done; throws what went wrong there.
void synchronize(Cpu);
void synchronize(Cuda place);

// Makes the place's stream wait, without blocking the caller, for what another stream of the same
// device has been given so far.
void wait_for_stream(Cpu, int stream);
void wait_for_stream(Cuda place, int stream);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_MEMORY_H_
