#include "tensor/storage.h"

#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/write_scope.h"

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

// "4 x f32 on cpu, 16 bytes".
std::string extent(const Storage& storage) {
  const StorageWord word = storage.word();
  std::string text = absl::StrCat(storage.numel(), " x ", to_string(word.dtype()), " on ",
                                  to_string(word.device()));
  if (!word.device().is_meta()) absl::StrAppend(&text, ", ", storage.nbytes(), " bytes");
  return text;
}

template <typename Describe>
[[gnu::noinline]] void record_now(EventKind kind, const Storage& storage, absl::string_view op,
                                  Describe describe, int64_t begin_ns) noexcept {
  try {
    Timeline::record(kind, storage, op, describe(), begin_ns);
  } catch (const std::bad_alloc&) {
    Timeline::record(kind, storage, op, "", begin_ns);
  }
}

// Where a timeline records; a description that finds no memory is left out.
template <typename Describe>
void record(EventKind kind, const Storage& storage, absl::string_view op, Describe describe,
            int64_t begin_ns = -1) noexcept {
  if (Timeline::is_recording()) record_now(kind, storage, op, describe, begin_ns);
}

}  // namespace

Storage::Storage(Device device, DType dtype, int64_t numel)
    : word_(StorageWord(device, dtype, fresh_state(device, numel)).bits()), numel_(numel) {
  if (!device.is_meta()) {
    Memory memory(device, nbytes());
    last_stream_ = static_cast<uint8_t>(memory.stream());
    set_word(word().with_zero(memory.is_zero()));
    data_ = memory.detach();
  }
  record(EventKind::kBorn, *this, "", [&] { return extent(*this); });
}

Storage::~Storage() {
  record(EventKind::kDied, *this, "", [] { return absl::string_view(); });
  if (data_ != nullptr) Memory::adopt(device(), last_stream_, data_, nbytes());
  if (owns_cold_) delete cold_.load();
}

struct Storage::Slot {
  Slot(Device device, DType dtype, int64_t numel, Origin&& origin)
      : cold{.origin = std::move(origin)}, storage(device, dtype, numel) {
    storage.cold_ = &cold;
    storage.owns_cold_ = false;
    if (Timeline::is_recording()) Timeline::record_name(storage);
  }

  Cold cold;  // outlives the storage
  Storage storage;
};

std::shared_ptr<Storage> Storage::make_slot(Device device, DType dtype, int64_t numel,
                                            Origin&& origin) {
  auto slot = std::make_shared<Slot>(device, dtype, numel, std::move(origin));
  return std::shared_ptr<Storage>(slot, &slot->storage);
}

Ranges Storage::unwritten(const Layout& layout) const {
  const std::lock_guard lock(cold_mutex());
  switch (state()) {
    case State::kMeta:
    case State::kAllocated:
      return Ranges::touched_by(layout);
    case State::kPartial:
      return cold_.load()->written->missing(layout);
    case State::kInitialized:
      break;
  }
  return Ranges();
}

bool Storage::contains_written(const Layout& layout) const {
  if (state() == State::kMeta) return false;
  const std::lock_guard lock(cold_mutex());
  switch (state()) {
    case State::kInitialized:
      return true;
    case State::kPartial:
      return cold_.load()->written->contains(layout);
    case State::kMeta:
    case State::kAllocated:
      break;
  }
  return layout.numel() == 0 && state() != State::kMeta;
}

void Storage::expect_write() {
  // Other threads may be writing other parts: what they make of the state must not be lost.
  uint32_t now = word_.load(std::memory_order_relaxed);
  while (StorageWord(now).pristine_or_zero() &&
         !word_.compare_exchange_weak(
             now, StorageWord(now).with_pristine(false).with_zero(false).bits())) {
  }
}

void Storage::mark_written_slowly(OpName op, const Layout& layout) {
  const StorageWord before = word();
  const int64_t count = layout.numel();
  if (before.state() == State::kMeta || count == 0) return;
  // What a writer has written so far may be written again: only its end makes it initialized, or
  // others would take half its work for all of it.
  const bool writer_at_work = WriteScope::covers(*this, Author::kWriter);
  if (before.state() == State::kInitialized) {
    mark_changed();
  } else if (!writer_at_work && count == numel_ && layout.is_dense()) {
    set_word(before.with(State::kInitialized).with_pristine(false));
  } else {
    add_written(layout, writer_at_work);
  }
  if (is_watched()) note_write(op, layout);
}

void Storage::add_written(const Layout& layout, bool writer_at_work) {
  Cold& cold = this->cold();
  const std::lock_guard lock(cold_mutex());
  const StorageWord now = word();  // other threads may have written other parts meanwhile
  if (now.state() == State::kInitialized) return;
  if (now.state() == State::kAllocated) cold.written = std::make_unique<ElementSet>(numel_);
  // From now on the set counts, also if memory ends before all of the layout is in it.
  if (now.state() == State::kAllocated) set_word(now.with(State::kPartial));
  cold.written->add(layout);
  if (!writer_at_work) promote_if_full(cold, /*pristine=*/false);
}

void Storage::promote_if_full(Cold& cold, bool pristine) {
  if (state() != State::kPartial || !cold.written->is_full()) return;
  set_word(word().with(State::kInitialized).with_pristine(pristine));
  cold.written = nullptr;
}

void Storage::note_write(OpName op, const Layout& layout) {
  if (layout.numel() == 0 || WriteScope::covers(*this)) return;
  Cold* const cold = cold_.load(std::memory_order_acquire);
  if (cold != nullptr && cold->origin.has_value()) {
    cold->overwrites.add(layout, numel_);
    try {
      cold->log.add(Author::kOp, op);
    } catch (const std::bad_alloc&) {
      // The op is done, and goes uncounted rather than fail now.
    }
  }
  record(EventKind::kWritten, *this, op,
         [&] { return absl::StrCat(layout.numel(), " of ", numel_, " elements"); });
}

void Storage::restore(const Layout& layout) {
  Cold* const cold = cold_.load(std::memory_order_acquire);
  if (cold != nullptr) cold->overwrites.restore(layout, numel_);
}

void Storage::finish_writing(Author author, OpName op, int64_t count, bool pristine,
                             int64_t begin_ns) {
  const bool by_writer = author == Author::kWriter;
  Cold* const cold = cold_.load(std::memory_order_acquire);
  if (cold != nullptr && cold->origin.has_value()) {
    cold->log.add(author, by_writer ? OpName("writer") : op);
  }
  record(
      by_writer ? EventKind::kInitialized : EventKind::kLoaded, *this, op,
      [&] { return absl::StrCat(count, " of ", numel_, " elements"); }, begin_ns);
  if (cold == nullptr || !by_writer) return;
  const std::lock_guard lock(cold_mutex());
  promote_if_full(*cold, pristine);
}

void Storage::mark_unwritten() {
  const StorageWord now = word();
  if (now.state() == State::kMeta) return;
  set_word(now.with(fresh_state(now.device(), numel_)).with_pristine(false));
  restore({{numel_}, {1}, 0});  // what is no value any more is nobody's
}

void Storage::set_pristine(bool pristine) {
  const StorageWord now = word();
  if (now.state() != State::kInitialized || now.pristine() == pristine) return;
  set_word(now.with_pristine(pristine));
}

void Storage::seal(absl::string_view op) {
  if (state() != State::kMeta) set_sealed(op, true);
}

void Storage::unseal(absl::string_view op) { set_sealed(op, false); }

void Storage::set_sealed(absl::string_view op, bool sealed) {
  if (word().sealed() == sealed) return;
  set_word(word().with_sealed(sealed));
  record(sealed ? EventKind::kSealed : EventKind::kUnsealed, *this, op,
         [] { return absl::string_view(); });
}

std::vector<WriteCount> Storage::writes() const {
  const Cold* const cold = cold_.load(std::memory_order_acquire);
  return cold == nullptr ? std::vector<WriteCount>() : cold->log.counts();
}

bool Storage::is_overwritten() const {
  const Cold* const cold = cold_.load(std::memory_order_acquire);
  return cold != nullptr && cold->overwrites.any();
}

Memory Storage::replace(absl::string_view op, Memory memory, Device device, DType dtype) noexcept {
  const StorageWord now = word();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  const State state = now.state() == State::kMeta ? fresh_state(device, numel_) : now.state();
  // A writer of several passes rounds after each, and not once at the end.
  const bool pristine = now.pristine() && dtype == now.dtype();
  const bool zero = memory.is_zero() && state == State::kAllocated;
  last_stream_ = static_cast<uint8_t>(memory.stream());
  data_ = memory.detach();
  set_word(StorageWord(device, dtype, state)
               .with_pristine(pristine)
               .with_sealed(now.sealed())
               .with_zero(zero));
  const EventKind kind = dtype != now.dtype()          ? EventKind::kConverted
                         : now.state() == State::kMeta ? EventKind::kAllocated
                                                       : EventKind::kMoved;
  record(kind, *this, op, [&] { return extent(*this); });
  return old;
}

Memory Storage::release(absl::string_view op) noexcept {
  const StorageWord now = word();
  if (now.state() == State::kMeta) return Memory();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  data_ = nullptr;
  set_word({Device::meta(), now.dtype(), State::kMeta});
  if (Cold* const cold = cold_.load(); cold != nullptr) cold->overwrites.clear();
  record(EventKind::kReleased, *this, op, [&] { return extent(*this); });
  return old;
}

void Storage::copy_knowledge(const Storage& other) {
  const StorageWord word = other.word();
  requires_grad_ = other.requires_grad_;
  if (const Cold* const theirs = other.cold_.load(std::memory_order_acquire); theirs != nullptr) {
    Cold& ours = cold();
    const std::lock_guard lock(cold_mutex());
    if (theirs->written != nullptr) ours.written = std::make_unique<ElementSet>(*theirs->written);
    ours.log.assign(theirs->log);
    ours.overwrites = theirs->overwrites;
  }
  // Of the memory, which is its own, it knows itself whether it is zero.
  set_word(
      this->word().with(word.state()).with_pristine(word.pristine()).with_sealed(word.sealed()));
}

Storage::Cold& Storage::cold() {
  const std::lock_guard lock(cold_mutex());
  if (cold_.load() == nullptr) cold_.store(new Cold, std::memory_order_release);
  return *cold_.load();
}

}  // namespace hollow
