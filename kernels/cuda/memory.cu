#include <string>

#include "kernels/cuda/runtime.h"
#include "kernels/failure.h"
#include "kernels/memory.h"

namespace hollow::kernels {
namespace {

// Makes the stream of `later` wait for what the stream of `earlier` has been given so far. The two
// may be of different devices.
void order(Cuda earlier, Cuda later) {
  if (earlier.device == later.device && earlier.stream == later.stream) return;
  const cudaStream_t from = stream_of(earlier);
  const cudaStream_t to = stream_of(later);
  const DeviceGuard guard(earlier);
  cudaEvent_t event;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  cudaError_t status = cudaEventRecord(event, from);
  if (status == cudaSuccess) status = cudaStreamWaitEvent(to, event);
  // Is put off by the runtime until the event has completed.
  const cudaError_t destroyed = cudaEventDestroy(event);
  check(status, "cudaStreamWaitEvent");
  check(destroyed, "cudaEventDestroy");
}

}  // namespace

Allocation allocate(Cuda place, size_t bytes) {
  if (bytes == 0) return {};
  const DeviceGuard guard(place);
  void* memory = nullptr;
  const cudaError_t status = cudaMallocAsync(&memory, bytes, stream_of(place));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free_bytes = 0;
    size_t total_bytes = 0;
    check(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
    throw Failure(Failure::Kind::kOutOfMemory,
                  "cannot allocate " + std::to_string(bytes) + " bytes on cuda:" +
                      std::to_string(place.device) + ", which has " + std::to_string(free_bytes) +
                      " of " + std::to_string(total_bytes) + " bytes free");
  }
  check(status, "cudaMallocAsync");
  return {memory, /*zero=*/false};
}

void deallocate(Cuda place, void* memory, size_t) noexcept {
  if (memory == nullptr) return;
  try {
    const DeviceGuard guard(place);
    check(cudaFreeAsync(memory, stream_of(place)), "cudaFreeAsync");
  } catch (const Failure&) {
    // The context is gone or broken, and the memory with it. The next call that can throw says so.
  }
}

void empty_cache(Cuda place) {
  const DeviceGuard guard(place);
  cudaMemPool_t pool;
  check(cudaDeviceGetDefaultMemPool(&pool, place.device), "cudaDeviceGetDefaultMemPool");
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");  // frees that are on a stream still
  check(cudaMemPoolTrimTo(pool, 0), "cudaMemPoolTrimTo");
}

void copy(Cuda to_place, void* to, Cpu, const void* from, size_t bytes) {
  if (bytes == 0) return;
  const DeviceGuard guard(to_place);
  const cudaStream_t stream = stream_of(to_place);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
}

void copy(Cpu, void* to, Cuda from_place, const void* from, size_t bytes) {
  if (bytes == 0) return;
  const DeviceGuard guard(from_place);
  const cudaStream_t stream = stream_of(from_place);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
}

void copy(Cuda to_place, void* to, Cuda from_place, const void* from, size_t bytes) {
  if (bytes == 0) return;
  // On the destination's stream, after the source's writer; the source's stream then waits for it.
  order(from_place, to_place);
  {
    const DeviceGuard guard(to_place);
    const cudaStream_t stream = stream_of(to_place);
    if (from_place.device == to_place.device) {
      check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream), "cudaMemcpyAsync");
    } else {
      check(cudaMemcpyPeerAsync(to, to_place.device, from, from_place.device, bytes, stream),
            "cudaMemcpyPeerAsync");
    }
  }
  order(to_place, from_place);
}

void synchronize(Cuda place) {
  const DeviceGuard guard(place);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

void wait_for_stream(Cuda place, int stream) {
  if (stream != place.stream) order(Cuda{place.device, stream}, place);
}

}  // namespace hollow::kernels
