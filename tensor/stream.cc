#include "tensor/stream.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "kernels/memory.h"
#include "tensor/error.h"
#include "tensor/place.h"

namespace hollow {
namespace {

constexpr int kMaxDevices = 128;

thread_local std::array<uint8_t, kMaxDevices> current_streams{};

struct DeviceOrder {
  std::mutex mutex;
  std::string last_op = "nothing yet";
};

DeviceOrder& order_of(Device device) {
  static std::array<DeviceOrder, kMaxDevices> all;
  return all[device.index()];
}

}  // namespace

int current_cuda_stream(Device device) { return current_streams[device.index()]; }

StreamScope::StreamScope(Device device, int stream) : device_(device) {
  if (!device.is_cuda()) {
    throw Error(ErrorCode::kDevice, "StreamScope",
                absl::StrCat(to_string(device), " has no streams; only cuda devices have"));
  }
  if (stream < 0 || stream >= kernels::kMaxStreams) {
    throw Error(ErrorCode::kValue, "StreamScope",
                absl::StrCat("stream ", stream, " of ", to_string(device),
                             " does not exist; it is from 0 to ", kernels::kMaxStreams - 1));
  }
  previous_ = current_streams[device.index()];
  current_streams[device.index()] = static_cast<uint8_t>(stream);
}

StreamScope::~StreamScope() { current_streams[device_.index()] = static_cast<uint8_t>(previous_); }

void synchronize(Device device) {
  if (device.is_meta()) return;
  std::string op = "synchronize";
  if (device.is_cuda()) {
    DeviceOrder& order = order_of(device);
    const std::lock_guard lock(order.mutex);
    absl::StrAppend(&op, " (the last op given to ", to_string(device), " was ", order.last_op, ")");
  }
  with_op(op, [&] {
    visit_place(device, current_stream(device), [](auto place) { kernels::synchronize(place); });
  });
}

void StreamOrder::order(absl::string_view op, Device device, absl::Span<Storage* const> storages) {
  DeviceOrder& order = order_of(device);
  lock_ = std::unique_lock(order.mutex);
  order.last_op.assign(op.data(), op.size());
  const int stream = current_stream(device);
  for (Storage* const storage : storages) {
    visit_place(device, stream,
                [&](auto place) { kernels::wait_for_stream(place, storage->last_stream()); });
    storage->set_last_stream(stream);
  }
}

}  // namespace hollow
