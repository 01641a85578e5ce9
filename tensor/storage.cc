#include "tensor/storage.h"

#include <mutex>
#include <utility>

namespace hollow {
namespace {

// One for all storages: it is taken where a storage is written in parts, never on the hot path.
std::mutex& cold_mutex() {
  static std::mutex mutex;
  return mutex;
}

State fresh_state(Device device, int64_t numel) {
  if (device.is_meta()) return State::kMeta;
  return numel == 0 ? State::kInitialized : State::kAllocated;
}

}  // namespace

absl::string_view to_string(State state) {
  switch (state) {
    case State::kMeta:
      return "meta";
    case State::kAllocated:
      return "allocated";
    case State::kPartial:
      return "partial";
    case State::kInitialized:
      return "initialized";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, State state) { return out << to_string(state); }

Storage::Storage(Device device, DType dtype, int64_t numel)
    : word_(StorageWord(device, dtype, fresh_state(device, numel), false).bits()), numel_(numel) {
  if (device.is_meta()) return;
  Memory memory(device, nbytes());
  last_stream_ = static_cast<uint8_t>(memory.stream());
  data_ = memory.detach();
}

Storage::~Storage() {
  if (data_ != nullptr) Memory::adopt(device(), last_stream_, data_, nbytes());
  delete cold_.load();
}

Ranges Storage::unwritten(const Layout& layout) const {
  const Ranges touched = Ranges::touched_by(layout);
  const std::lock_guard lock(cold_mutex());
  switch (state()) {
    case State::kMeta:
    case State::kAllocated:
      return touched;
    case State::kPartial:
      return touched.minus(cold_.load()->written);
    case State::kInitialized:
      break;
  }
  return Ranges();
}

bool Storage::contains_written(const Layout& layout) const {
  return state() != State::kMeta && unwritten(layout).empty();
}

void Storage::mark_written(const Layout& layout) {
  const StorageWord before = word();
  if (before.state() == State::kMeta) return;
  if (before.state() == State::kInitialized) {
    if (before.pristine() && layout.numel() > 0) mark_changed();
    return;
  }
  const Ranges touched = Ranges::touched_by(layout);
  if (touched.empty()) return;
  if (touched.count() == numel_) {
    return set_word({before.device(), before.dtype(), State::kInitialized, false});
  }
  Cold& cold = this->cold();
  const std::lock_guard lock(cold_mutex());
  const StorageWord now = word();  // other threads may have written other parts meanwhile
  if (now.state() == State::kInitialized) return;
  if (now.state() == State::kAllocated) cold.written = Ranges();
  cold.written.add(touched);
  const bool complete = cold.written.count() == numel_;
  set_word({now.device(), now.dtype(), complete ? State::kInitialized : State::kPartial, false});
}

void Storage::mark_unwritten() {
  const StorageWord now = word();
  if (now.state() != State::kMeta) {
    set_word({now.device(), now.dtype(), fresh_state(now.device(), numel_), false});
  }
}

void Storage::set_pristine(bool pristine) {
  const StorageWord now = word();
  if (now.state() != State::kInitialized || now.pristine() == pristine) return;
  set_word({now.device(), now.dtype(), State::kInitialized, pristine});
}

void Storage::set_origin(Origin origin) {
  cold().origin = std::make_unique<Origin>(std::move(origin));
}

Memory Storage::replace(Memory memory, Device device, DType dtype) noexcept {
  const StorageWord now = word();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  const State state = now.state() == State::kMeta ? fresh_state(device, numel_) : now.state();
  // A writer's f32 rounded to another dtype is what the writer writes there; widened again it is
  // not.
  const bool pristine = now.pristine() && (dtype == now.dtype() || now.dtype() == DType::kF32);
  last_stream_ = static_cast<uint8_t>(memory.stream());
  data_ = memory.detach();
  set_word({device, dtype, state, pristine});
  return old;
}

Memory Storage::release() noexcept {
  const StorageWord now = word();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  data_ = nullptr;
  set_word({Device::meta(), now.dtype(), State::kMeta, false});
  return old;
}

Storage::Cold& Storage::cold() {
  const std::lock_guard lock(cold_mutex());
  if (cold_.load() == nullptr) cold_.store(new Cold, std::memory_order_release);
  return *cold_.load();
}

}  // namespace hollow
