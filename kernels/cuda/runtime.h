// What every file of the CUDA room needs of the runtime: checked calls, streams by number, launch
// shapes. Included by the .cu files of this folder and by nothing else.
#ifndef HOLLOW_KERNELS_CUDA_RUNTIME_H_
#define HOLLOW_KERNELS_CUDA_RUNTIME_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/place.h"

namespace hollow::kernels {

// Throws the Failure that `status` stands for: kOutOfMemory for cudaErrorMemoryAllocation, else
// kCuda with the name of the call. Does nothing for cudaSuccess.
void check(cudaError_t status, const char* call);

// Throws what the launch just made reported. Catches a bad launch; what goes wrong while the kernel
// runs surfaces at any later call.
void check_launch();

// Makes the place's device current on this thread and gives back the one that was when it ends.
class DeviceGuard {
 public:
  explicit DeviceGuard(Cuda place);
  ~DeviceGuard();
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  const int device_;
  int previous_ = 0;
};

// The stream of that number, made at first use. Non-blocking with respect to the legacy stream.
cudaStream_t stream_of(Cuda place);

inline constexpr int kThreads = 256;

// Blocks of kThreads for a grid-stride loop over n > 0 items: one pass where the grid's limit
// allows.
inline unsigned blocks_for(int64_t n) {
  const int64_t blocks = (n + kThreads - 1) / kThreads;
  constexpr int64_t kMaxBlocks = 0x7fffffff;
  return static_cast<unsigned>(blocks < kMaxBlocks ? blocks : kMaxBlocks);
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CUDA_RUNTIME_H_
