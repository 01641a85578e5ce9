#include "tensor/device.h"

#include <atomic>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kernels/places.h"
#include "tensor/error.h"

namespace hollow {
namespace {

constexpr int kMaxIndex = 127;

thread_local Device current = Device::cpu();
thread_local int meta_depth = 0;
thread_local uint64_t meta_number = 0;
std::atomic<uint64_t> next_meta_number{1};

}  // namespace

Device Device::cuda(int index) {
  if (index < 0 || index > kMaxIndex) {
    throw Error(ErrorCode::kValue, "Device::cuda",
                absl::StrCat("the index is ", index, "; it must be from 0 to ", kMaxIndex));
  }
  return Device(Type::kCuda, static_cast<uint8_t>(index));
}

absl::StatusOr<Device> Device::parse(absl::string_view text) {
  if (text == "cpu") return cpu();
  if (text == "meta") return meta();
  if (text == "cuda") return cuda(0);
  absl::string_view digits = text;
  int index = 0;
  if (absl::ConsumePrefix(&digits, "cuda:") && !digits.empty() &&
      digits.find_first_not_of("0123456789") == absl::string_view::npos &&
      absl::SimpleAtoi(digits, &index) && index <= kMaxIndex) {
    return cuda(index);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a device; it is one of cpu, meta, cuda, cuda:N"));
}

int Device::cuda_count() { return kernels::cuda_device_count(); }

std::string Device::why_no_cuda() { return kernels::why_no_cuda(); }

std::string to_string(Device device) {
  switch (device.type()) {
    case Device::Type::kCpu:
      return "cpu";
    case Device::Type::kMeta:
      return "meta";
    case Device::Type::kCuda:
      return absl::StrCat("cuda:", device.index());
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Device device) { return out << to_string(device); }

Device default_device() { return current; }

DeviceScope::DeviceScope(Device device) : previous_(current), is_meta_(device.is_meta()) {
  if (is_meta_ && meta_depth++ == 0) meta_number = next_meta_number.fetch_add(1);
  current = device;
}

DeviceScope::~DeviceScope() {
  if (is_meta_) --meta_depth;
  current = previous_;
}

uint64_t meta_scope_number() { return meta_depth == 0 ? 0 : meta_number; }

}  // namespace hollow
