#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/cuda/runtime.h"
#include "kernels/failure.h"
#include "kernels/places.h"

namespace hollow::kernels {
namespace {

struct Devices {
  int count = 0;
  std::string why_none;
};

const Devices& devices() {
  static const Devices found = [] {
    Devices result;
    const cudaError_t status = cudaGetDeviceCount(&result.count);
    if (status != cudaSuccess) {
      cudaGetLastError();
      result.count = 0;
      result.why_none = std::string("cudaGetDeviceCount says: ") + cudaGetErrorString(status);
    } else if (result.count == 0) {
      result.why_none = "the CUDA driver lists no device";
    }
    return result;
  }();
  return found;
}

using Streams = std::array<cudaStream_t, kMaxStreams>;

}  // namespace

int cuda_device_count() { return devices().count; }

std::string why_no_cuda() { return devices().why_none; }

Places cuda_place(int device, int stream) {
  const Devices& found = devices();
  if (device >= found.count) {
    const std::string why = found.count == 0
                                ? found.why_none
                                : "there are " + std::to_string(found.count) + ", from cuda:0 on";
    throw Failure(Failure::Kind::kNoDevice, "cuda:" + std::to_string(device) + " is not there: " +
                                                why + "; Device::cpu() always is");
  }
  return Cuda{device, stream};
}

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // clears what is not sticky, so that the next op does not report it again
  const auto kind =
      status == cudaErrorMemoryAllocation ? Failure::Kind::kOutOfMemory : Failure::Kind::kCuda;
  throw Failure(kind, std::string(call) + " says " + cudaGetErrorName(status) + ": " +
                          cudaGetErrorString(status) +
                          (kind == Failure::Kind::kCuda
                               ? " (which what the device was given earlier may have caused)"
                               : ""));
}

void check_launch() { check(cudaGetLastError(), "the kernel launch"); }

DeviceGuard::DeviceGuard(Cuda place) : device_(place.device) {
  check(cudaGetDevice(&previous_), "cudaGetDevice");
  if (previous_ != device_) check(cudaSetDevice(device_), "cudaSetDevice");
}

DeviceGuard::~DeviceGuard() {
  if (previous_ == device_) return;  // to set a device, also the current one, makes its context
  if (cudaSetDevice(previous_) != cudaSuccess) cudaGetLastError();
}

cudaStream_t stream_of(Cuda place) {
  static std::mutex mutex;
  static std::vector<Streams>* const all = new std::vector<Streams>(devices().count, Streams{});
  const std::lock_guard lock(mutex);
  cudaStream_t& stream = (*all)[place.device][place.stream];
  if (stream == nullptr) {
    const DeviceGuard guard(place);
    // Without this the pool gives its memory back to the system at every synchronization.
    cudaMemPool_t pool;
    uint64_t threshold = UINT64_MAX;
    check(cudaDeviceGetDefaultMemPool(&pool, place.device), "cudaDeviceGetDefaultMemPool");
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
          "cudaMemPoolSetAttribute");
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  }
  return stream;
}

}  // namespace hollow::kernels
