#include <type_traits>

#include "kernels/arithmetic.h"
#include "kernels/copy_thread.h"
#include "kernels/cuda/access.h"
#include "kernels/cuda/runtime.h"
#include "kernels/dtypes.h"
#include "kernels/elementwise.h"

// One element a thread and step, neighbours side by side, so that contiguous operands are
// coalesced. The strided walk divides by every size: right for any layout, and slower than the
// contiguous one. Copies without a conversion move 4 vectors of 16 bytes a thread, in one shot: the
// benchmark's ceiling is the faster of these and cudaMemcpyAsync.
//
// NEVER RUN, as everything here. Read off nvcc 13.0 for sm_90: 32 registers and no spills, so 8
// blocks an SM with 128 KiB of reads in flight.

namespace hollow::kernels {
namespace {

template <typename T>
struct Fill {
  T* y;
  T value;
  __device__ void operator()(const Strided<1>& index, int64_t i) const {
    y[index.offset(0, i)] = value;
  }
};

template <typename T, typename S>
struct Cast {
  T* y;
  const S* x;
  __device__ void operator()(const Strided<2>& index, int64_t i) const {
    y[index.offset(0, i)] = convert<T>(x[index.offset(1, i)]);
  }
};

template <typename Operation, typename T>
struct WithElement {
  T* y;
  const T* a;
  const T* b;
  __device__ void operator()(const Strided<3>& index, int64_t i) const {
    y[index.offset(0, i)] = Operation::of(a[index.offset(1, i)], b[index.offset(2, i)]);
  }
};

template <typename Operation, typename T>
struct WithScalar {
  T* y;
  const T* a;
  Compute<T> b;
  __device__ void operator()(const Strided<2>& index, int64_t i) const {
    y[index.offset(0, i)] = Operation::of(a[index.offset(1, i)], b);
  }
};

template <typename T>
struct AddCMul {
  T* y;
  const T* a;
  const T* b;
  const T* c;
  Compute<T> alpha;
  __device__ void operator()(const Strided<4>& index, int64_t i) const {
    const Compute<T> factor = alpha * static_cast<Compute<T>>(c[index.offset(3, i)]);
    y[index.offset(0, i)] = ScaledSum::of(a[index.offset(1, i)], b[index.offset(2, i)], factor);
  }
};

template <typename Index, typename Element>
__global__ void __launch_bounds__(kThreads) for_each_kernel(Index index, Element element) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < index.numel; i += step) {
    element(index, i);
  }
}

template <typename Index, typename Element>
void for_each(Cuda place, const Index& index, const Element& element) {
  if (index.numel == 0) return;
  const DeviceGuard guard(place);
  for_each_kernel<<<blocks_for(index.numel), kThreads, 0, stream_of(place)>>>(index, element);
  check_launch();
}

template <Caching kCaching>
__global__ void __launch_bounds__(kCopyThreads) copy_kernel(char* y, const char* x, int64_t bytes) {
  copy_thread<kCaching>(y, x, bytes, blockIdx.x, threadIdx.x);
}

// Both begin at multiples of 16.
void copy_vectors(Cuda place, void* y, const void* x, int64_t bytes) {
  if (bytes == 0) return;
  const DeviceGuard guard(place);
  const auto launch = [&]<int, Caching kCaching>() {
    copy_kernel<kCaching>
        <<<static_cast<unsigned>(copy_blocks(bytes)), kCopyThreads, 0, stream_of(place)>>>(
            static_cast<char*>(y), static_cast<const char*>(x), bytes);
  };
  visit_access<char>(16, caching_for(bytes, 2 * bytes, l2_bytes(place)), launch);
  check_launch();
}

}  // namespace

template <typename T>
void fill(Cuda place, T* y, const Strided<1>& index, T value) {
  for_each(place, index, Fill<T>{y, value});
}

template <typename T, typename S>
void cast(Cuda place, T* y, const S* x, const Strided<2>& index) {
  if constexpr (std::is_same_v<T, S>) {
    if (index.contiguous && widest_vector(address_of(y) | address_of(x)) == 16) {
      return copy_vectors(place, y, x, index.numel * int64_t{sizeof(T)});
    }
  }
  for_each(place, index, Cast<T, S>{y, x});
}

template <typename T>
void add(Cuda place, T* y, const T* a, const T* b, const Strided<3>& index) {
  for_each(place, index, WithElement<Sum, T>{y, a, b});
}

template <typename T>
void mul(Cuda place, T* y, const T* a, const T* b, const Strided<3>& index) {
  for_each(place, index, WithElement<Product, T>{y, a, b});
}

template <typename T>
void add_scalar(Cuda place, T* y, const T* a, Compute<T> b, const Strided<2>& index) {
  for_each(place, index, WithScalar<Sum, T>{y, a, b});
}

template <typename T>
void mul_scalar(Cuda place, T* y, const T* a, Compute<T> b, const Strided<2>& index) {
  for_each(place, index, WithScalar<Product, T>{y, a, b});
}

template <typename T>
void addcmul(Cuda place, T* y, const T* a, const T* b, const T* c, Compute<T> alpha,
             const Strided<4>& index) {
  for_each(place, index, AddCMul<T>{y, a, b, c, alpha});
}

#define FILL(T) template void fill(Cuda, T*, const Strided<1>&, T);
HOLLOW_ALL(FILL)
#define CAST(T)                                                     \
  template void cast(Cuda, T*, const float*, const Strided<2>&);    \
  template void cast(Cuda, T*, const double*, const Strided<2>&);   \
  template void cast(Cuda, T*, const Half*, const Strided<2>&);     \
  template void cast(Cuda, T*, const BFloat16*, const Strided<2>&); \
  template void cast(Cuda, T*, const int64_t*, const Strided<2>&);  \
  template void cast(Cuda, T*, const bool*, const Strided<2>&);
HOLLOW_ALL(CAST)
#define ARITHMETIC(T)                                                 \
  template void add(Cuda, T*, const T*, const T*, const Strided<3>&); \
  template void mul(Cuda, T*, const T*, const T*, const Strided<3>&);
HOLLOW_NUMBERS(ARITHMETIC)
#define SCALAR(T)                                                              \
  template void add_scalar(Cuda, T*, const T*, Compute<T>, const Strided<2>&); \
  template void mul_scalar(Cuda, T*, const T*, Compute<T>, const Strided<2>&);
HOLLOW_NUMBERS(SCALAR)
#define ADDCMUL(T) \
  template void addcmul(Cuda, T*, const T*, const T*, const T*, Compute<T>, const Strided<4>&);
HOLLOW_FLOATS(ADDCMUL)

}  // namespace hollow::kernels
