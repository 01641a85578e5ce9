#include "kernels/cuda/runtime.h"
#include "kernels/distributions.h"
#include "kernels/dtypes.h"
#include "kernels/philox.h"
#include "kernels/random.h"

// One Philox block, four elements, a thread and step.

namespace hollow::kernels {
namespace {

template <typename T, typename Distribution>
__global__ void __launch_bounds__(kThreads)
    random_kernel(T* y, Strided<1> index, RandomStream stream, Distribution fill) {
  const int64_t blocks = (index.numel + 3) / 4;
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t block = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; block < blocks;
       block += step) {
    float value[4];
    fill(random_block(stream.key, stream.generation, static_cast<uint64_t>(block)), value);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t i = 4 * block + j;
      if (i < index.numel) y[index.offset(0, i)] = T(value[j]);
    }
  }
}

}  // namespace

template <typename T, typename Distribution>
void random(Cuda place, T* y, const Strided<1>& index, RandomStream stream,
            const Distribution& fill) {
  if (index.numel == 0) return;
  const DeviceGuard guard(place);
  random_kernel<<<blocks_for((index.numel + 3) / 4), kThreads, 0, stream_of(place)>>>(y, index,
                                                                                      stream, fill);
  check_launch();
}

#define RANDOM(T)                                                                      \
  template void random(Cuda, T*, const Strided<1>&, RandomStream, const UniformFill&); \
  template void random(Cuda, T*, const Strided<1>&, RandomStream, const NormalFill&);  \
  template void random(Cuda, T*, const Strided<1>&, RandomStream, const TruncatedNormalFill&);
HOLLOW_FLOATS(RANDOM)

}  // namespace hollow::kernels
