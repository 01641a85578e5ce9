#include "kernels/arithmetic.h"
#include "kernels/cuda/runtime.h"
#include "kernels/dtypes.h"
#include "kernels/layer_scale.h"

// One element a thread and step along the flat array, so that a warp reads and writes 32
// neighbours; gamma comes from L2. The naive form, to be the oracle of a faster one.

namespace hollow::kernels {
namespace {

// A thread reads its element of `residual` and x before it writes y's, which may be either.
template <typename T, bool kAdds>
__global__ void __launch_bounds__(kThreads)
    layer_scale_kernel(T* y, const T* residual, const T* x, const T* gamma, float alpha,
                       int64_t numel, int64_t dim) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < numel; i += step) {
    const float factor = static_cast<float>(gamma[i % dim]);
    if constexpr (kAdds) {
      y[i] = ScaledSum::of(residual[i], x[i], alpha * factor);
    } else {
      y[i] = static_cast<T>(static_cast<float>(x[i]) * factor);
    }
  }
}

template <bool kAdds, typename T>
void launch(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
            int64_t rows, int64_t dim) {
  const int64_t numel = rows * dim;
  if (numel == 0) return;
  const DeviceGuard guard(place);
  layer_scale_kernel<T, kAdds><<<blocks_for(numel), kThreads, 0, stream_of(place)>>>(
      y, residual, x, gamma, alpha, numel, dim);
  check_launch();
}

}  // namespace

template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim) {
  launch<false, T>(place, y, nullptr, x, gamma, 1, rows, dim);
}

template <typename T>
void layer_scale_add(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     int64_t rows, int64_t dim) {
  launch<true>(place, y, residual, x, gamma, alpha, rows, dim);
}

#define LAYER_SCALE(T)                                                       \
  template void layer_scale(Cuda, T*, const T*, const T*, int64_t, int64_t); \
  template void layer_scale_add(Cuda, T*, const T*, const T*, const T*, float, int64_t, int64_t);
HOLLOW_FLOATS(LAYER_SCALE)

}  // namespace hollow::kernels
