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
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/element_set.h"
#include "tensor/memory.h"
#include "tensor/origin.h"
#include "tensor/ranges.h"
#include "tensor/shape.h"
#include "tensor/timeline.h"
#include "tensor/write_log.h"

namespace hollow {

enum class State : uint8_t {
  kMeta,         // no memory
  kAllocated,    // memory, and nobody wrote to it
  kPartial,      // some elements were written, and it is known which
  kInitialized,  // every element was written
};

// "meta", "allocated", "partial", "initialized".
absl::string_view to_string(State state);
std::ostream& operator<<(std::ostream& out, State state);

// All that the hot path asks of a storage, in 32 bits that are loaded at once.
class StorageWord {
 public:
  constexpr StorageWord(Device device, DType dtype, State state)
      : bits_(device.index_ | static_cast<uint32_t>(device.type_) << 8 |
              static_cast<uint32_t>(dtype) << 16 | static_cast<uint32_t>(state) << 24) {}
  explicit constexpr StorageWord(uint32_t bits) : bits_(bits) {}

  constexpr uint32_t bits() const { return bits_; }
  constexpr Device device() const {
    return Device(static_cast<Device::Type>(bits_ >> 8 & 0xff), static_cast<uint8_t>(bits_));
  }
  constexpr DType dtype() const { return static_cast<DType>(bits_ >> 16 & 0xff); }
  constexpr State state() const { return static_cast<State>(bits_ >> 24 & 0x0f); }
  // Holds what its slot's writer wrote, and nothing has been written since.
  constexpr bool pristine() const { return (bits_ & kPristine) != 0; }
  // What was written is kept from the slot's writer.
  constexpr bool sealed() const { return (bits_ & kSealed) != 0; }
  // Every byte is 0: the memory came so, and nobody has written there. In state allocated alone.
  constexpr bool zero() const { return (bits_ & kZero) != 0; }
  // Whether a write has to be announced, by Storage::expect_write().
  constexpr bool pristine_or_zero() const { return (bits_ & (kPristine | kZero)) != 0; }

  // The same but for that.
  constexpr StorageWord with(State state) const {
    const uint32_t rest = bits_ & ~(state == State::kAllocated ? kState : kState | kZero);
    return StorageWord(rest | static_cast<uint32_t>(state) << 24);
  }
  constexpr StorageWord with_pristine(bool pristine) const { return with(kPristine, pristine); }
  constexpr StorageWord with_sealed(bool sealed) const { return with(kSealed, sealed); }
  constexpr StorageWord with_zero(bool zero) const { return with(kZero, zero); }

  // Of another storage: both are where and what this one is, and its elements are written.
  constexpr bool is_ready_beside(StorageWord other) const {
    return (bits_ & (kPlace | kState)) ==
           ((other.bits_ & kPlace) | static_cast<uint32_t>(State::kInitialized) << 24);
  }

 private:
  static constexpr uint32_t kPlace = 0x00ffffff;  // device and dtype
  static constexpr uint32_t kState = 0x0f000000;
  static constexpr uint32_t kZero = 1u << 29;
  static constexpr uint32_t kSealed = 1u << 30;
  static constexpr uint32_t kPristine = 1u << 31;

  constexpr StorageWord with(uint32_t bit, bool set) const {
    return StorageWord(set ? bits_ | bit : bits_ & ~bit);
  }

  uint32_t bits_;
};

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
  // Those that were not. All of them on meta.
  Ranges unwritten(const Layout& layout) const;

  // Somebody is about to write here, and may fail half-way: what is there is not the writer's any
  // more, nor zero. To be called before each write that ends in mark_written, unless neither was
  // true.
  void expect_write();
  // An op has written the elements that the layout touches. Nothing on meta.
  void mark_written(absl::string_view op, const Layout& layout) {
    const StorageWord before = word();
    if (before.state() != State::kInitialized || before.pristine()) {
      mark_written_slowly(op, layout);
    } else if (is_watched()) {
      note_write(op, layout);
    }
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
  const Origin* origin() const {
    const Cold* const cold = cold_.load(std::memory_order_acquire);
    return cold == nullptr || !cold->origin.has_value() ? nullptr : &*cold->origin;
  }
  Origin* origin() { return const_cast<Origin*>(std::as_const(*this).origin()); }

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

  // All that is known of `other`, whose memory has been copied here: states, seal, who wrote.
  void copy_knowledge(const Storage& other);

  // The stream that used it last, on CUDA; kept by tensor/stream.h.
  int last_stream() const { return last_stream_; }
  void set_last_stream(int stream) { last_stream_ = static_cast<uint8_t>(stream); }

 private:
  friend class WriteScope;

  struct Cold {
    std::optional<Origin> origin;
    std::unique_ptr<ElementSet> written;  // in state partial; guarded by cold_mutex()
    WriteLog log;                         // where there is an origin
    std::atomic<bool> overwritten{false};
  };
  // A storage that has its cold part beside it from the start.
  struct Slot;

  Cold& cold();
  // Whether writes have to be told to somebody.
  bool is_watched() const {
    return cold_.load(std::memory_order_relaxed) != nullptr || Timeline::is_recording();
  }
  bool contains_written(const Layout& layout) const;
  void mark_written_slowly(absl::string_view op, const Layout& layout);
  void add_written(const Layout& layout);
  // Under cold_mutex().
  void promote_if_full(Cold& cold, bool pristine);
  void note_write(absl::string_view op, const Layout& layout);
  void set_pristine(bool pristine);
  void set_sealed(absl::string_view op, bool sealed);
  void set_word(StorageWord word) { word_.store(word.bits(), std::memory_order_release); }

  std::atomic<uint32_t> word_;
  bool requires_grad_ = false;
  bool owns_cold_ = true;
  uint8_t last_stream_ = 0;
  int64_t numel_;
  void* data_ = nullptr;
  std::atomic<Cold*> cold_{nullptr};  // a slot's own; else owned, and made at first need
};

// While one lives, what this thread's ops write to the storage is the author's work: it is noted
// once, by finish(), and not op by op. A storage that its writer fills is partial until then, so
// that nobody takes what is still written for what is there. Scopes nest.
class WriteScope {
 public:
  // `op` is what the user called.
  WriteScope(Storage& storage, Author author, absl::string_view op);
  ~WriteScope();
  WriteScope(const WriteScope&) = delete;
  WriteScope& operator=(const WriteScope&) = delete;

  // The author has written the elements of the layout; `pristine` where it is the slot's writer and
  // that is all that there is. Others see the values, and that they are pristine, at once.
  void finish(const Layout& layout, bool pristine = false);

 private:
  friend class Storage;
  // By any author, where none is given.
  static bool covers(const Storage& storage, std::optional<Author> author = std::nullopt);

  static thread_local const WriteScope* innermost_;

  Storage& storage_;
  const Author author_;
  const absl::string_view op_;
  const int64_t begin_ns_;
  const WriteScope* const outer_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STORAGE_H_
