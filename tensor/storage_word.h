// Where a storage is, of what, and how far it has come in its life: all that the hot path asks.
#ifndef HOLLOW_TENSOR_STORAGE_WORD_H_
#define HOLLOW_TENSOR_STORAGE_WORD_H_

#include <cstdint>
#include <ostream>

#include "absl/strings/string_view.h"
#include "tensor/device.h"
#include "tensor/dtype.h"

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

// In 32 bits that are loaded at once.
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
  // Has memory, and a write there has not to be announced.
  constexpr bool is_writable_unannounced() const {
    return !pristine_or_zero() && state() != State::kMeta;
  }

  constexpr bool is_placed_as(StorageWord other) const {
    return ((bits_ ^ other.bits_) & kPlace) == 0;
  }

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

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STORAGE_WORD_H_
