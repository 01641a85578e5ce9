// A storage has the life cycle; tensors are handles on it.
//
//       meta --allocate--> allocated --write--> (partial) --write--> initialized
//         ^------------------------release--------------------------------'
//
// Everything that gives, moves, converts or takes away memory does it to the storage, in place, so
// that every handle (a tied weight, a view, a copy that an optimizer kept) sees it. Which elements
// were ever written is known at every moment.
//
// The state may be read by any thread at any time. Changing it is as in every container: writers
// need the caller's own ordering against readers, except that giving memory is serialized in
// tensor/placement.h.
#ifndef HOLLOW_TENSOR_STORAGE_H_
#define HOLLOW_TENSOR_STORAGE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/strings/string_view.h"
#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/memory.h"
#include "tensor/origin.h"
#include "tensor/ranges.h"
#include "tensor/shape.h"

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
  constexpr StorageWord(Device device, DType dtype, State state, bool pristine)
      : bits_(device.index_ | static_cast<uint32_t>(device.type_) << 8 |
              static_cast<uint32_t>(dtype) << 16 | static_cast<uint32_t>(state) << 24 |
              static_cast<uint32_t>(pristine) << 31) {}
  explicit constexpr StorageWord(uint32_t bits) : bits_(bits) {}

  constexpr uint32_t bits() const { return bits_; }
  constexpr Device device() const {
    return Device(static_cast<Device::Type>(bits_ >> 8 & 0xff), static_cast<uint8_t>(bits_));
  }
  constexpr DType dtype() const { return static_cast<DType>(bits_ >> 16 & 0xff); }
  constexpr State state() const { return static_cast<State>(bits_ >> 24 & 0x7f); }
  // Holds what its slot's writer wrote, and nothing has been written since.
  constexpr bool pristine() const { return (bits_ >> 31) != 0; }

 private:
  uint32_t bits_;
};

class Storage {
 public:
  // On meta without memory; elsewhere allocated. Throws kernels::Failure where the device has not
  // that much, or is not there.
  Storage(Device device, DType dtype, int64_t numel);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  StorageWord word() const { return StorageWord(word_.load(std::memory_order_acquire)); }
  Device device() const { return word().device(); }
  DType dtype() const { return word().dtype(); }
  State state() const { return word().state(); }
  bool pristine() const { return word().pristine(); }
  int64_t numel() const { return numel_; }
  // What it takes, or would take: meta answers too.
  int64_t nbytes() const { return numel_ * static_cast<int64_t>(item_size(dtype())); }
  // Null on meta, and for 0 elements.
  void* data() const { return data_; }

  bool requires_grad() const { return requires_grad_; }
  void set_requires_grad(bool requires_grad) { requires_grad_ = requires_grad; }

  // Whether every element that the layout touches has memory and was written.
  bool is_written(const Layout& layout) const {
    return state() == State::kInitialized || contains_written(layout);
  }
  // Those that were not. All of them on meta.
  Ranges unwritten(const Layout& layout) const;

  // The elements that the layout touches have been written. Nothing on meta.
  void mark_written(const Layout& layout);
  // The slot's writer has just written all of it; the writer would not write this again.
  void mark_pristine() { set_pristine(true); }
  void mark_changed() { set_pristine(false); }
  // As if it had just been allocated: what is there is not a value any more. Nothing on meta.
  void mark_unwritten();

  // The slot that declared it; null for a tensor that no module declared.
  const Origin* origin() const {
    const Cold* const cold = cold_.load(std::memory_order_acquire);
    return cold == nullptr ? nullptr : cold->origin.get();
  }
  Origin* origin() { return const_cast<Origin*>(std::as_const(*this).origin()); }
  void set_origin(Origin origin);

  // Exchanges the memory for another, which may be none (then it is meta): the commit of a plan in
  // tensor/placement.h. The written elements stay the written ones. Gives back the old memory.
  Memory replace(Memory memory, Device device, DType dtype) noexcept;
  // Drops the memory and what was known of it: back to meta.
  Memory release() noexcept;

  // The stream that used it last, on CUDA; kept by tensor/stream.h.
  int last_stream() const { return last_stream_; }
  void set_last_stream(int stream) { last_stream_ = static_cast<uint8_t>(stream); }

 private:
  struct Cold {
    std::unique_ptr<Origin> origin;
    Ranges written;  // in state partial; guarded by cold_mutex()
  };

  Cold& cold();
  bool contains_written(const Layout& layout) const;
  void set_pristine(bool pristine);
  void set_word(StorageWord word) { word_.store(word.bits(), std::memory_order_release); }

  std::atomic<uint32_t> word_;
  bool requires_grad_ = false;
  uint8_t last_stream_ = 0;
  int64_t numel_;
  void* data_ = nullptr;
  std::atomic<Cold*> cold_{nullptr};  // owned; made at first need, by any thread
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STORAGE_H_
