#include "kernels/cuda/runtime.h"
#include "kernels/dtypes.h"
#include "kernels/reduce.h"

// One block reduces all of x: deterministic, in f64, and bound by one SM's share of the bandwidth.

namespace hollow::kernels {
namespace {

constexpr int kReduceThreads = 1024;

// The sum of term(0) .. term(n-1), in every thread of the one block.
template <typename Sum, typename Term>
__device__ Sum block_sum(int64_t n, Term term) {
  __shared__ Sum partial[kReduceThreads];
  Sum sum{0};
  for (int64_t i = threadIdx.x; i < n; i += kReduceThreads) sum += term(i);
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kReduceThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
    __syncthreads();
  }
  const Sum total = partial[0];
  __syncthreads();
  return total;
}

template <typename T>
__device__ double mean_of(const T* x, int64_t n) {
  const double sum = block_sum<double>(n, [x](int64_t i) { return static_cast<Compute<T>>(x[i]); });
  return sum / static_cast<double>(n);
}

template <typename T>
__global__ void __launch_bounds__(kReduceThreads) sum_kernel(T* y, const T* x, int64_t n) {
  if constexpr (kIsFloating<T>) {
    const double sum =
        block_sum<double>(n, [x](int64_t i) { return static_cast<Compute<T>>(x[i]); });
    if (threadIdx.x == 0) *y = T(static_cast<Compute<T>>(sum));
  } else {
    const auto sum =
        block_sum<unsigned long long>(n, [x](int64_t i) { return static_cast<uint64_t>(x[i]); });
    if (threadIdx.x == 0) *y = static_cast<T>(sum);
  }
}

template <typename T>
__global__ void __launch_bounds__(kReduceThreads) mean_kernel(T* y, const T* x, int64_t n) {
  const double mean = mean_of(x, n);
  if (threadIdx.x == 0) *y = T(static_cast<Compute<T>>(mean));
}

template <typename T>
__global__ void __launch_bounds__(kReduceThreads)
    std_dev_kernel(T* y, const T* x, int64_t n, int64_t correction) {
  const double mean = mean_of(x, n);
  const double squares = block_sum<double>(n, [x, mean](int64_t i) {
    const double deviation = static_cast<Compute<T>>(x[i]) - mean;
    return deviation * deviation;
  });
  const double result =
      n > correction ? sqrt(squares / static_cast<double>(n - correction)) : nan("");
  if (threadIdx.x == 0) *y = T(static_cast<Compute<T>>(result));
}

}  // namespace

template <typename T>
void sum(Cuda place, T* y, const T* x, int64_t n) {
  const DeviceGuard guard(place);
  sum_kernel<<<1, kReduceThreads, 0, stream_of(place)>>>(y, x, n);
  check_launch();
}

template <typename T>
void mean(Cuda place, T* y, const T* x, int64_t n) {
  const DeviceGuard guard(place);
  mean_kernel<<<1, kReduceThreads, 0, stream_of(place)>>>(y, x, n);
  check_launch();
}

template <typename T>
void std_dev(Cuda place, T* y, const T* x, int64_t n, int64_t correction) {
  const DeviceGuard guard(place);
  std_dev_kernel<<<1, kReduceThreads, 0, stream_of(place)>>>(y, x, n, correction);
  check_launch();
}

#define SUM(T) template void sum(Cuda, T*, const T*, int64_t);
HOLLOW_NUMBERS(SUM)
#define MOMENTS(T)                                 \
  template void mean(Cuda, T*, const T*, int64_t); \
  template void std_dev(Cuda, T*, const T*, int64_t, int64_t);
HOLLOW_FLOATS(MOMENTS)

}  // namespace hollow::kernels
