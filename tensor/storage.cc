#include "tensor/storage.h"

#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/write_scope.h"

namespace hollow {
namespace {

// One for all storages: it is taken where a storage is written in parts, never on the hot path.
std::mutex& mutex_of_sets() {
  static std::mutex mutex;
  return mutex;
}

// Under that. Few storages have a set, so the others shall not pay for a pointer to it.
using SetTable = std::unordered_map<const Storage*, std::unique_ptr<ElementSet>>;
SetTable& table_of_sets() {
  static auto& table = *new SetTable;  // lives as long as any storage
  return table;
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

void record_birth(const Storage& storage) {
  Timeline::record(EventKind::kBorn, storage, "", [&] { return extent(storage); });
}

void record_death(const Storage& storage) {
  Timeline::record(EventKind::kDied, storage, "", [] { return absl::string_view(); });
}

}  // namespace

struct Storage::Slot : Storage {
  Slot(Device device, DType dtype, int64_t numel, Origin&& born)
      : Storage(device, dtype, numel, /*is_slot=*/true), origin(std::move(born)) {
    record_birth(*this);
  }
  ~Slot() { record_death(*this); }

  Origin origin;
  WriteLog log;
  Overwrites overwrites;
  std::unique_ptr<ElementSet> written;
};

Storage::Storage(Device device, DType dtype, int64_t numel)
    : Storage(device, dtype, numel, /*is_slot=*/false) {
  record_birth(*this);
}

Storage::Storage(Device device, DType dtype, int64_t numel, bool is_slot)
    : word_(StorageWord(device, dtype, fresh_state(device, numel)).bits()),
      is_slot_(is_slot),
      numel_(numel) {
  if (!device.is_meta()) {
    Memory memory(device, nbytes());
    last_stream_ = static_cast<uint8_t>(memory.stream());
    set_word(word().with_zero(memory.is_zero()));
    data_ = memory.detach();
  }
}

std::shared_ptr<Storage> Storage::make_slot(Device device, DType dtype, int64_t numel,
                                            Origin&& origin) {
  return std::make_shared<Slot>(device, dtype, numel, std::move(origin));
}

Storage::~Storage() {
  if (!is_slot_) record_death(*this);  // a slot did so while it had its name
  if (data_ != nullptr) Memory::adopt(device(), last_stream_, data_, nbytes());
  if (!is_in_table_) return;
  const std::lock_guard lock(mutex_of_sets());
  table_of_sets().erase(this);
}

const Storage::Slot* Storage::slot() const {
  return is_slot_ ? static_cast<const Slot*>(this) : nullptr;
}

const Origin* Storage::origin() const { return is_slot_ ? &slot()->origin : nullptr; }

ElementSet& Storage::written() const {
  return is_slot_ ? *slot()->written : *table_of_sets().at(this);
}

void Storage::set_written(std::unique_ptr<ElementSet> written) {
  if (is_slot_) {
    slot()->written = std::move(written);
  } else if (written != nullptr) {
    table_of_sets()[this] = std::move(written);
    is_in_table_ = true;
  } else {
    table_of_sets().erase(this);
    is_in_table_ = false;
  }
}

Ranges Storage::unwritten(const Layout& layout) const {
  const std::lock_guard lock(mutex_of_sets());
  switch (state()) {
    case State::kMeta:
    case State::kAllocated:
      return Ranges::touched_by(layout);
    case State::kPartial:
      return written().missing(layout);
    case State::kInitialized:
      break;
  }
  return Ranges();
}

bool Storage::contains_written(const Layout& layout) const {
  if (state() == State::kMeta) return false;
  const std::lock_guard lock(mutex_of_sets());
  switch (state()) {
    case State::kInitialized:
      return true;
    case State::kPartial:
      return written().contains(layout);
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
  const std::lock_guard lock(mutex_of_sets());
  const StorageWord now = word();  // other threads may have written other parts meanwhile
  if (now.state() == State::kInitialized) return;
  if (now.state() == State::kAllocated) set_written(std::make_unique<ElementSet>(numel_));
  // From now on the set counts, also if memory ends before all of the layout is in it.
  if (now.state() == State::kAllocated) set_word(now.with(State::kPartial));
  written().add(layout);
  if (!writer_at_work) promote_if_full(/*pristine=*/false);
}

void Storage::promote_if_full(bool pristine) {
  if (state() != State::kPartial || !written().is_full()) return;
  set_word(word().with(State::kInitialized).with_pristine(pristine));
  set_written(nullptr);
}

void Storage::note_write(OpName op, const Layout& layout) {
  if (layout.numel() == 0 || WriteScope::covers(*this)) return;
  if (Slot* const slot = this->slot(); slot != nullptr) {
    slot->overwrites.add(layout, numel_);
    try {
      slot->log.add(Author::kOp, op);
    } catch (const std::bad_alloc&) {
      // The op is done, and goes uncounted rather than fail now.
    }
  }
  Timeline::record(EventKind::kWritten, *this, op,
                   [&] { return absl::StrCat(layout.numel(), " of ", numel_, " elements"); });
}

void Storage::restore(const Layout& layout) {
  if (is_slot_) slot()->overwrites.restore(layout, numel_);
}

void Storage::finish_writing(Author author, OpName op, int64_t count, bool pristine,
                             int64_t begin_ns) {
  const bool by_writer = author == Author::kWriter;
  if (is_slot_) slot()->log.add(author, by_writer ? OpName("writer") : op);
  Timeline::record(
      by_writer ? EventKind::kInitialized : EventKind::kLoaded, *this, op,
      [&] { return absl::StrCat(count, " of ", numel_, " elements"); }, begin_ns);
  if (!by_writer) return;
  const std::lock_guard lock(mutex_of_sets());
  promote_if_full(pristine);
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
  Timeline::record(sealed ? EventKind::kSealed : EventKind::kUnsealed, *this, op,
                   [] { return absl::string_view(); });
}

std::vector<WriteCount> Storage::writes() const {
  return is_slot_ ? slot()->log.counts() : std::vector<WriteCount>();
}

bool Storage::is_overwritten() const { return is_slot_ && slot()->overwrites.any(); }

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
  Timeline::record(kind, *this, op, [&] { return extent(*this); });
  return old;
}

Memory Storage::release(absl::string_view op) noexcept {
  const StorageWord now = word();
  if (now.state() == State::kMeta) return Memory();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  data_ = nullptr;
  set_word({Device::meta(), now.dtype(), State::kMeta});
  if (is_slot_) slot()->overwrites.clear();
  Timeline::record(EventKind::kReleased, *this, op, [&] { return extent(*this); });
  return old;
}

void Storage::copy_knowledge(const Storage& other) {
  const StorageWord word = other.word();
  requires_grad_ = other.requires_grad_;
  if (word.state() == State::kPartial) {
    const std::lock_guard lock(mutex_of_sets());
    set_written(std::make_unique<ElementSet>(other.written()));
  }
  if (is_slot_ && other.is_slot_) {
    slot()->log.assign(other.slot()->log);
    slot()->overwrites = other.slot()->overwrites;
  }
  // Of the memory, which is its own, it knows itself whether it is zero.
  set_word(
      this->word().with(word.state()).with_pristine(word.pristine()).with_sealed(word.sealed()));
}

}  // namespace hollow
