#include "tensor/storage.h"

#include <new>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/storage_slot.h"
#include "tensor/write_scope.h"

namespace hollow {
namespace {

std::atomic<uint64_t> latest{0};

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

Storage::Slot::Slot(Device device, DType dtype, int64_t numel, Origin&& born)
    : Storage(device, dtype, numel, /*is_slot=*/true), origin(std::move(born)) {
  record_birth(*this);
}

Storage::Slot::~Slot() { record_death(*this); }

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
  if (is_in_table_) drop_written();
}

const Storage::Slot* Storage::slot() const {
  return is_slot_ ? static_cast<const Slot*>(this) : nullptr;
}

const Origin* Storage::origin() const { return is_slot_ ? &slot()->origin : nullptr; }

void Storage::expect_write(const Layout& layout) {
  if (layout.numel() == 0) return;
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
    if (before.state() == State::kPartial) drop_written();
  } else {
    add_written(layout, writer_at_work);
  }
  if (is_watched()) note_write(op, layout);
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

void Storage::note_change() {
  if (is_slot_) slot()->changed_at = ++latest;
}

void Storage::note_computed() {
  if (is_slot_ && slot()->origin.computed) slot()->computed_at = ++latest;
}

uint64_t Storage::now() { return latest; }

uint64_t Storage::changed_at() const { return is_slot_ ? slot()->changed_at.load() : 0; }

uint64_t Storage::computed_at() const { return is_slot_ ? slot()->computed_at.load() : 0; }

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
  finish_written(pristine);
}

void Storage::mark_unwritten() {
  const StorageWord now = word();
  if (now.state() == State::kMeta) return;
  if (has_values()) note_change();
  set_word(now.with(fresh_state(now.device(), numel_)).with_pristine(false));
  if (now.state() == State::kPartial) drop_written();
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
  if (dtype != now.dtype() && has_values()) note_change();
  const bool is_first = now.state() == State::kMeta && !device.is_meta();
  const EventKind kind = is_first               ? EventKind::kAllocated
                         : dtype != now.dtype() ? EventKind::kConverted
                                                : EventKind::kMoved;
  if (is_first || device != now.device() || dtype != now.dtype()) {
    Timeline::record(kind, *this, op, [&] { return extent(*this); });
  }
  return old;
}

Memory Storage::release(absl::string_view op) noexcept {
  const StorageWord now = word();
  if (now.state() == State::kMeta) return Memory();
  Memory old = Memory::adopt(now.device(), last_stream_, data_, nbytes());
  data_ = nullptr;
  if (has_values()) note_change();
  set_word({Device::meta(), now.dtype(), State::kMeta});
  if (now.state() == State::kPartial) drop_written();
  if (is_slot_) slot()->overwrites.clear();
  Timeline::record(EventKind::kReleased, *this, op, [&] { return extent(*this); });
  return old;
}

void Storage::copy_knowledge(absl::string_view op, const Storage& other) {
  requires_grad_ = other.requires_grad_;
  const StorageWord word = copy_written(other);
  if (is_slot_ && other.is_slot_) {
    slot()->log.assign(other.slot()->log);
    slot()->overwrites = other.slot()->overwrites;
    slot()->changed_at = other.changed_at();
    slot()->computed_at = other.computed_at();
  }
  // Of the memory, which is its own, it knows itself whether it is zero.
  set_word(this->word().with(word.state()).with_pristine(word.pristine()));
  if (has_values()) {
    Timeline::record(EventKind::kCopied, *this, op, [&] {
      const Layout whole = {{numel_}, {1}, 0};
      return absl::StrCat(numel_ - unwritten(whole).count(), " of ", numel_, " elements");
    });
  }
  set_sealed(op, word.sealed());
}

}  // namespace hollow
