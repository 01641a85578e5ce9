#include "tensor/memory.h"

#include <atomic>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/failure.h"
#include "kernels/memory.h"
#include "tensor/error.h"
#include "tensor/place.h"

namespace hollow {
namespace {

struct Counters {
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> peak_bytes{0};
  std::atomic<int64_t> allocations{0};
  std::atomic<int64_t> limit{std::numeric_limits<int64_t>::max()};

  // Throws kernels::Failure, and takes nothing, where that is over the limit.
  void take(Device device, int64_t more) {
    const int64_t most = limit.load(std::memory_order_relaxed);
    int64_t now = bytes.load(std::memory_order_relaxed);
    do {
      if (more > 0 && more > most - now) {
        throw kernels::Failure(
            kernels::Failure::Kind::kOutOfMemory,
            absl::StrCat(more, " bytes on ", to_string(device), " are more than set_memory_limit(",
                         most, ") leaves; the tensors there hold ", now));
      }
    } while (!bytes.compare_exchange_weak(now, now + more));
  }

  void note_allocation() {
    allocations.fetch_add(1, std::memory_order_relaxed);
    const int64_t now = bytes.load(std::memory_order_relaxed);
    int64_t peak = peak_bytes.load(std::memory_order_relaxed);
    while (peak < now && !peak_bytes.compare_exchange_weak(peak, now)) {
    }
  }
};

Counters& counters(Device device) {
  static Counters all[3][128];
  return all[static_cast<int>(device.type())][device.index()];
}

}  // namespace

Memory::Memory(Device device, int64_t bytes) : device_(device), bytes_(bytes) {
  stream_ = current_stream(device);
  Counters& count = counters(device);
  count.take(device, bytes);
  try {
    visit_place(device, stream_, [&](auto place) {
      const auto [memory, zero] = kernels::allocate(place, static_cast<size_t>(bytes));
      data_ = memory;
      zero_ = zero;
    });
  } catch (...) {
    count.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    throw;
  }
  if (data_ != nullptr) count.note_allocation();
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
  visit_place(device_, stream_,
              [&](auto place) { kernels::deallocate(place, data_, static_cast<size_t>(bytes_)); });
  counters(device_).bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

Memory::Memory(Memory&& other) noexcept { *this = std::move(other); }

Memory& Memory::operator=(Memory&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(stream_, other.stream_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(zero_, other.zero_);
  return *this;
}

void* Memory::detach() noexcept { return std::exchange(data_, nullptr); }

MemoryStats memory_stats(Device device) {
  const Counters& count = counters(device);
  return {count.bytes.load(), count.peak_bytes.load(), count.allocations.load()};
}

void set_memory_limit(Device device, std::optional<int64_t> bytes) {
  if (bytes.value_or(0) < 0) {
    throw Error(ErrorCode::kValue, "set_memory_limit",
                absl::StrCat(*bytes, " bytes on ", to_string(device),
                             "; a limit is 0 or more, or std::nullopt for none"));
  }
  counters(device).limit = bytes.value_or(std::numeric_limits<int64_t>::max());
}

void empty_cache(Device device) {
  if (device.is_meta()) return;
  with_op("empty_cache", [&] {
    visit_place(device, current_stream(device), [](auto place) { kernels::empty_cache(place); });
  });
}

}  // namespace hollow
