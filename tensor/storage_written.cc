// The members of Storage that know which elements were written.

#include <mutex>
#include <unordered_map>
#include <utility>

#include "tensor/element_set.h"
#include "tensor/storage.h"
#include "tensor/storage_slot.h"

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

}  // namespace

ElementSet& Storage::written() const {
  return is_slot_ ? *slot()->written : *table_of_sets().at(this);
}

void Storage::set_written(std::unique_ptr<ElementSet> written) {
  if (is_slot_) {
    slot()->written = std::move(written);
  } else if (written != nullptr) {
    table_of_sets()[this] = std::move(written);
    is_in_table_ = true;
  } else if (is_in_table_) {
    table_of_sets().erase(this);
    is_in_table_ = false;
  }
}

void Storage::drop_written() {
  const std::lock_guard lock(mutex_of_sets());
  set_written(nullptr);
}

size_t Storage::num_partial() {
  const std::lock_guard lock(mutex_of_sets());
  return table_of_sets().size();
}

StorageWord Storage::copy_written(const Storage& other) {
  const std::lock_guard lock(mutex_of_sets());
  const StorageWord word = other.word();
  if (word.state() == State::kPartial) {
    set_written(std::make_unique<ElementSet>(other.written()));
  }
  return word;
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

void Storage::finish_written(bool pristine) {
  const std::lock_guard lock(mutex_of_sets());
  note_computed();  // before others see the values
  promote_if_full(pristine);
}

void Storage::promote_if_full(bool pristine) {
  if (state() != State::kPartial || !written().is_full()) return;
  set_word(word().with(State::kInitialized).with_pristine(pristine));
  set_written(nullptr);
}

}  // namespace hollow
