// A storage has the life cycle; tensors are handles on it.
//
//       meta --allocate--> allocated --write--> (partial) --write--> initialized
//         ^------------------------release--------------------------------'
//
// Everything that gives, moves, converts or takes away memory does it to the storage, in place, so
// that every handle (a tied weight, a view, a copy that an optimizer kept) sees it. Which elements
// were ever written is known at every moment, and who wrote to a slot.
//
// The state may be read by any thread at any time. Changing it is as in every container: writers
// need the caller's own ordering against readers, except that giving memory is serialized in
// tensor/placement.h, and first values in tensor/claim.h.
#ifndef HOLLOW_TENSOR_STORAGE_H_
#define HOLLOW_TENSOR_STORAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/element_set.h"
#include "tensor/memory.h"
#include "tensor/op_name.h"
#include "tensor/origin.h"
#include "tensor/ranges.h"
#include "tensor/shape.h"
#include "tensor/storage_word.h"  // IWYU pragma: export
#include "tensor/timeline.h"
#include "tensor/write_log.h"

namespace hollow {

class Storage {
 public:
  // On meta without memory; elsewhere allocated. Throws kernels::Failure where the device has not
  // that much, or is not there.
  Storage(Device device, DType dtype, int64_t numel);
  // One that a module declares.
  static std::shared_ptr<Storage> make_slot(Device device, DType dtype, int64_t numel,
                                            Origin&& origin);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  StorageWord word() const { return StorageWord(word_.load(std::memory_order_acquire)); }
  Device device() const { return word().device(); }
  DType dtype() const { return word().dtype(); }
  State state() const { return word().state(); }
  bool pristine() const { return word().pristine(); }
  bool zero() const { return word().zero(); }
  int64_t numel() const { return numel_; }
  // What it takes, or would take: meta answers too.
  int64_t nbytes() const { return numel_ * static_cast<int64_t>(item_size(dtype())); }
  // Null on meta, and for 0 elements.
  void* data() const { return data_; }

  bool requires_grad() const { return requires_grad_; }
  void set_requires_grad(bool requires_grad) { requires_grad_ = requires_grad; }

  // --- which elements were written ---

  // Whether every element that the layout touches has memory and was written.
  bool is_written(const Layout& layout) const {
    return state() == State::kInitialized || contains_written(layout);
  }
  // Whether any element was.
  bool has_values() const {
    const State now = state();
    return numel_ > 0 && (now == State::kPartial || now == State::kInitialized);
  }
  // Those that were not. All of them on meta.
  Ranges unwritten(const Layout& layout) const;

  // Somebody is about to write here, and may fail half-way: what is there is not the writer's any
  // more, nor zero. To be called before each write that ends in mark_written, unless neither was
  // true. Of no elements there is no write.
  void expect_write(const Layout& layout);
  // An op has written the elements that the layout touches. Nothing on meta.
  void mark_written(OpName op, const Layout& layout) {
    const StorageWord before = word();
    if (before.state() != State::kInitialized || before.pristine()) {
      mark_written_slowly(op, layout);
    } else if (is_watched()) {
      note_write(op, layout);
    }
  }
  // A write there failed half-way: what was a value still is one, but perhaps another.
  void mark_disturbed(OpName op, const Layout& layout) {
    if (state() != State::kAllocated && is_watched()) note_write(op, layout);
  }
  // The slot's writer has just written all of it; the writer would not write this again.
  void mark_pristine() { set_pristine(true); }
  void mark_changed() { set_pristine(false); }
  // As if it had just been allocated: what is there is not a value any more. Nothing on meta.
  void mark_unwritten();

  // --- sealing: what is written here is kept from the slot's writer, and from nothing else ---

  bool sealed() const { return word().sealed(); }
  // Does nothing on meta: there is nothing to keep.
  void seal(absl::string_view op);
  void unseal(absl::string_view op);

  // --- the slot that declared it ---

  // Null for a tensor that no module declared.
  const Origin* origin() const;
  Origin* origin() { return const_cast<Origin*>(std::as_const(*this).origin()); }

  // When a slot last lost values, or got others in their place, and when the writer of one that is
  // computed last did so; 0 if never. What is later is larger, of whatever slots.
  uint64_t changed_at() const;
  uint64_t computed_at() const;
  void note_change();
  // The latest of both so far, of whatever slots.
  static uint64_t now();
  // Who wrote to it, if a module declared it; else nothing is noted.
  std::vector<WriteCount> writes() const;
  // Some of what is there was written by an op, and not by the slot's writer or by a load.
  bool is_overwritten() const;

  // --- for placement ---

  // Exchanges the memory for another, which may be none (then it is meta): the commit of a plan in
  // tensor/placement.h. The written elements stay the written ones. Gives back the old memory.
  Memory replace(absl::string_view op, Memory memory, Device device, DType dtype) noexcept;
  // Drops the memory and what was known of it: back to meta, unsealed.
  Memory release(absl::string_view op) noexcept;

  // Of how many storages, slots apart, it is kept which elements were written. For tests.
  static size_t num_partial();

  // All that is known of `other`, whose memory has been copied here: states, seal, who wrote.
  void copy_knowledge(absl::string_view op, const Storage& other);

  // The stream that used it last, on CUDA; kept by tensor/stream.h.
  int last_stream() const { return last_stream_; }
  void set_last_stream(int stream) { last_stream_ = static_cast<uint8_t>(stream); }

 private:
  friend class WriteScope;

  // One that a module declared, with what is known of those alone.
  struct Slot;

  Storage(Device device, DType dtype, int64_t numel, bool is_slot);

  Slot* slot() { return const_cast<Slot*>(std::as_const(*this).slot()); }
  const Slot* slot() const;  // null for another
  // Whether writes have to be told to somebody.
  bool is_watched() const { return is_slot_ || Timeline::is_recording(); }
  bool contains_written(const Layout& layout) const;
  void mark_written_slowly(OpName op, const Layout& layout);
  void add_written(const Layout& layout, bool writer_at_work);
  // The slot's writer is done: initialized, if that was all.
  void finish_written(bool pristine);
  // No more partial.
  void drop_written();
  // Gives back the state, of the same moment.
  StorageWord copy_written(const Storage& other);
  // The elements that were written, in state partial; under the lock that the four above take.
  ElementSet& written() const;
  void set_written(std::unique_ptr<ElementSet> written);
  void promote_if_full(bool pristine);
  void note_write(OpName op, const Layout& layout);
  void note_computed();
  // What WriteScope::finish() says of the storage: of each part, and of all of them.
  void restore(const Layout& layout);
  void finish_writing(Author author, OpName op, int64_t count, bool pristine, int64_t begin_ns);
  void set_pristine(bool pristine);
  void set_sealed(absl::string_view op, bool sealed);
  void set_word(StorageWord word) { word_.store(word.bits(), std::memory_order_release); }

  std::atomic<uint32_t> word_;
  bool requires_grad_ = false;
  const bool is_slot_;
  bool is_in_table_ = false;  // of sets, which has those of storages that are no slots
  uint8_t last_stream_ = 0;
  int64_t numel_;
  void* data_ = nullptr;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STORAGE_H_
