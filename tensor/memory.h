// Memory of a device, owned, and how much of it there is.
#ifndef HOLLOW_TENSOR_MEMORY_H_
#define HOLLOW_TENSOR_MEMORY_H_

#include <cstdint>
#include <optional>

#include "tensor/device.h"

namespace hollow {

// Bytes of a device, freed on the stream that used them last. Contents are indeterminate, but for
// is_zero().
class Memory {
 public:
  // None, on meta.
  Memory() = default;
  // On the device's current stream. Throws kernels::Failure; then nothing was allocated.
  Memory(Device device, int64_t bytes);
  // Takes over what detach() gave. Null is no memory.
  static Memory adopt(Device device, int stream, void* data, int64_t bytes) noexcept;
  ~Memory();

  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&& other) noexcept;

  const void* data() const { return data_; }
  // For whoever writes there.
  void* mutable_data() {
    zero_ = false;
    return data_;
  }
  // Whether every byte is 0, since it came so and nobody has had the right to write there.
  bool is_zero() const { return zero_; }
  Device device() const { return device_; }
  int stream() const { return stream_; }

  // Gives the memory up; the caller owes an adopt().
  void* detach() noexcept;

 private:
  Device device_ = Device::meta();
  int stream_ = 0;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
  bool zero_ = false;
};

// What the tensors of a device hold. Meta holds 0 bytes for ever. Where other threads allocate or
// free small tensors at this moment, some may be in a figure and not in another.
struct MemoryStats {
  int64_t bytes = 0;        // now
  int64_t peak_bytes = 0;   // the most at once since the process began
  int64_t allocations = 0;  // how often memory was asked for, and given, since the process began
};

MemoryStats memory_stats(Device device);

// From now on the tensors of a device may hold that many bytes together, and none without a number.
// What would take more is an Error(kOutOfMemory), as where the device itself has no more. What is
// there stays. Throws Error(kValue) for a negative number, and does nothing on meta.
void set_memory_limit(Device device, std::optional<int64_t> bytes);

// Gives back to the system what is kept of freed tensors for the next ones: on the CPU, large
// blocks, 512 MiB of them at most, and what this thread has of small ones, 1 MiB at most; on CUDA,
// what the driver's pool keeps. Tensors stay. Does nothing on meta.
void empty_cache(Device device);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_MEMORY_H_
