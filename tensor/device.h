// Where a tensor lives: cpu, cuda:N, or meta, where it has a shape and no memory.
//
//   {
//     DeviceScope scope(Device::meta());       // with torch.device("meta"):
//     Tensor t = empty({1 << 20, 1 << 20});    // 0 bytes
//   }                                          // the default device is again what it was
#ifndef HOLLOW_TENSOR_DEVICE_H_
#define HOLLOW_TENSOR_DEVICE_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hollow {

// A name, not a claim: Device::cuda(3) can be written on any machine. That there is no such device
// is an Error(kDevice) of the first op that asks it for memory.
class Device {
 public:
  enum class Type : uint8_t { kCpu, kCuda, kMeta };

  static constexpr Device cpu() { return Device(Type::kCpu, 0); }
  static constexpr Device meta() { return Device(Type::kMeta, 0); }
  // Throws Error(kValue) unless 0 <= index <= 127.
  static Device cuda(int index = 0);

  // Reads "cpu", "meta", "cuda" (the first one) and "cuda:N"; InvalidArgument for anything else.
  static absl::StatusOr<Device> parse(absl::string_view text);

  // The number of CUDA devices here, and, where it is 0, why. Neither fails.
  static int cuda_count();
  static std::string why_no_cuda();

  constexpr Type type() const { return type_; }
  constexpr int index() const { return index_; }
  constexpr bool is_cpu() const { return type_ == Type::kCpu; }
  constexpr bool is_cuda() const { return type_ == Type::kCuda; }
  constexpr bool is_meta() const { return type_ == Type::kMeta; }

  friend constexpr bool operator==(Device a, Device b) = default;

 private:
  friend class StorageWord;
  constexpr Device(Type type, uint8_t index) : type_(type), index_(index) {}

  Type type_;
  uint8_t index_;
};

// "cpu", "meta", "cuda:0".
std::string to_string(Device device);
std::ostream& operator<<(std::ostream& out, Device device);

// The device of this thread's next tensor, where none is asked for: the innermost DeviceScope's,
// else cpu.
Device default_device();

// Sets the default device of this thread for the scope's lifetime. Scopes nest; they must end on
// the thread and in the order that they began, as the blocks they live in do.
class DeviceScope {
 public:
  explicit DeviceScope(Device device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  Device previous_;
  bool is_meta_;
};

// Tells the meta scopes of the process apart: the number of this thread's outermost
// DeviceScope(Device::meta()) that is open; 0 where none is.
uint64_t meta_scope_number();

}  // namespace hollow

#endif  // HOLLOW_TENSOR_DEVICE_H_
