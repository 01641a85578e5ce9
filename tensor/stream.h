// Order between operations on a device.
//
// A CUDA device has 32 streams, by number; work goes to stream 0 unless a StreamScope says
// otherwise. Whoever uses a storage on another stream than its last user waits, on the device, for
// that one: results never depend on streams. On the CPU everything has finished when a call
// returns, and all of this is free.
#ifndef HOLLOW_TENSOR_STREAM_H_
#define HOLLOW_TENSOR_STREAM_H_

#include <concepts>
#include <mutex>

#include "absl/types/span.h"
#include "tensor/device.h"
#include "tensor/storage.h"

namespace hollow {

// Sends this thread's work on a CUDA device to the stream of that number for the scope's lifetime.
// Throws Error(kValue) unless 0 <= stream < 32, and Error(kDevice) for a device that is not CUDA.
class StreamScope {
 public:
  StreamScope(Device device, int stream);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  Device device_;
  int previous_;
};

// Waits for everything that was given to the device. What went wrong there since the last time is
// thrown as Error(kCuda), with the op that was given last.
void synchronize(Device device);

// Puts the current stream behind the last user of each storage, and keeps others from getting in
// between while it lives. An op holds one while it enqueues its kernel.
class StreamOrder {
 public:
  StreamOrder(absl::string_view op, Device device, absl::Span<Storage* const> storages) {
    if (device.is_cuda()) order(op, device, storages);
  }
  // Of what storages() lists, which is asked on CUDA alone: elsewhere a list would take as long as
  // a small kernel.
  template <std::invocable List>
  StreamOrder(absl::string_view op, Device device, List&& storages) {
    if (device.is_cuda()) order(op, device, storages());
  }

 private:
  void order(absl::string_view op, Device device, absl::Span<Storage* const> storages);

  std::unique_lock<std::mutex> lock_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STREAM_H_
