#include "tensor/memory.h"

#include <atomic>
#include <utility>

#include "kernels/memory.h"
#include "tensor/place.h"

namespace hollow {
namespace {

struct Counters {
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> peak_bytes{0};
  std::atomic<int64_t> allocations{0};
};

Counters& counters(Device device) {
  static Counters all[3][128];
  return all[static_cast<int>(device.type())][device.index()];
}

}  // namespace

Memory::Memory(Device device, int64_t bytes) : device_(device), bytes_(bytes) {
  stream_ = current_stream(device);
  visit_place(device, stream_,
              [&](auto place) { data_ = kernels::allocate(place, static_cast<size_t>(bytes)); });
  if (data_ == nullptr) return;
  Counters& count = counters(device);
  count.allocations.fetch_add(1, std::memory_order_relaxed);
  const int64_t now = count.bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = count.peak_bytes.load(std::memory_order_relaxed);
  while (peak < now && !count.peak_bytes.compare_exchange_weak(peak, now)) {
  }
}

Memory Memory::adopt(Device device, int stream, void* data, int64_t bytes) noexcept {
  Memory memory;
  memory.device_ = device;
  memory.stream_ = stream;
  memory.data_ = data;
  memory.bytes_ = bytes;
  return memory;
}

Memory::~Memory() {
  if (data_ == nullptr) return;
  visit_place(device_, stream_, [&](auto place) { kernels::deallocate(place, data_); });
  counters(device_).bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

Memory::Memory(Memory&& other) noexcept { *this = std::move(other); }

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(stream_, other.stream_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void* Memory::detach() noexcept { return std::exchange(data_, nullptr); }

MemoryStats memory_stats(Device device) {
  const Counters& count = counters(device);
  return {count.bytes.load(), count.peak_bytes.load(), count.allocations.load()};
}

}  // namespace hollow
