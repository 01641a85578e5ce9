#include "tensor/memory.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/failure.h"
#include "kernels/memory.h"
#include "tensor/error.h"
#include "tensor/owned_sum.h"
#include "tensor/place.h"

namespace hollow {
namespace {

// So many bytes, and without a limit, are counted in the cheaper way. What threads count so at one
// moment one of them may see and another not, and the peak be off by it.
constexpr int64_t kFewBytes = int64_t{64} << 10;
constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

struct Counters {
  OwnedSum bytes;
  OwnedSum allocations;
  std::atomic<int64_t> peak_bytes{0};
  std::atomic<int64_t> limit{kNoLimit};

  // Throws kernels::Failure, and takes nothing, where that is over the limit.
  void take(Device device, int64_t more) {
    const int64_t most = limit.load(std::memory_order_relaxed);
    if (more == 0) return;
    if (most == kNoLimit && more <= kFewBytes) return bytes.add(more);
    // No device has half of what can be counted, and sums of less do not overflow.
    if (more < kNoLimit / 2 && bytes.add_up_to(most, more)) return;
    throw kernels::Failure(
        kernels::Failure::Kind::kOutOfMemory,
        most == kNoLimit ? absl::StrCat("cannot allocate ", more, " bytes on ", to_string(device))
                         : absl::StrCat(more, " bytes on ", to_string(device),
                                        " are more than set_memory_limit(", most,
                                        ") leaves; the tensors there hold ", bytes.total()));
  }

  void give_back(int64_t less) {
    if (less <= kFewBytes) return bytes.add(-less);
    bytes.add_up_to(kNoLimit, -less);
  }

  void note_allocation() {
    allocations.add(1);
    const int64_t now = bytes.total();
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
    count.give_back(bytes);
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
  counters(device_).give_back(bytes_);
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
  const int64_t bytes = std::max<int64_t>(count.bytes.total(), 0);
  return {bytes, std::max(bytes, count.peak_bytes.load()), count.allocations.total()};
}

void set_memory_limit(Device device, std::optional<int64_t> bytes) {
  if (bytes.value_or(0) < 0) {
    throw Error(ErrorCode::kValue, "set_memory_limit",
                absl::StrCat(*bytes, " bytes on ", to_string(device),
                             "; a limit is 0 or more, or std::nullopt for none"));
  }
  counters(device).limit = bytes.value_or(kNoLimit);
}

void empty_cache(Device device) {
  if (device.is_meta()) return;
  with_op("empty_cache", [&] {
    visit_place(device, current_stream(device), [](auto place) { kernels::empty_cache(place); });
  });
}

}  // namespace hollow
