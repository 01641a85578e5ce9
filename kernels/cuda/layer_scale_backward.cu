#include <cstdint>

#include "kernels/column_sums.h"
#include "kernels/cuda/access.h"
#include "kernels/cuda/runtime.h"
#include "kernels/dtypes.h"
#include "kernels/elementwise.h"
#include "kernels/layer_scale_backward.h"
#include "kernels/layer_scale_backward_thread.h"
#include "kernels/layer_scale_backward_tiles.h"
#include "kernels/layer_scale_thread.h"
#include "kernels/memory.h"
#include "kernels/sample_pair_table.h"
#include "kernels/vector.h"

// Two kernels on the place's stream. The first makes grad_x and, in the same pass, partial sums of
// grad_gamma: a few hundred blocks walk over the rows, each thread with its channels' factors and
// f32 sums in registers and 4 rows of both operands on their way. The second, small, adds the
// partial sums in f64. No atomics, no counter that would have to be reset: the stream orders the
// two, at the price of one more launch, 1 to 3 us. Which terms are added in which order is
// kernels/layer_scale_backward_tiles.h, and does not depend on the device, however many SMs it has;
// what a thread does is kernels/layer_scale_backward_thread.h. A test runs both on the host.
//
// NEVER RUN: there was no GPU at hand when this was written. All that follows was read off nvcc
// 13.0's machine code for sm_90, or is arithmetic; nothing was measured.
//
// First kernel, 256 threads a block: 64-72 registers in f32, 78-80 in 16-bit types, no spills, no
// local memory (sm_80 too); 4 or 8 KiB of shared memory; 3 blocks an SM are sure to fit. The grid
// is most often 300 to 396 = 3 * 132 blocks, which all run at once, else four times as many or
// more: 3 * 256 * 4 * 2 * 16 = 96 KiB of reads in flight an SM at most, where 32 KiB (H100) or 48
// KiB (H200) are wanted. The 8 reads of a turn are issued before their first use. A turn takes 190
// instructions in 16-bit types, 80 in f32, and moves 6 KiB a warp: 460 clocks at an H100's 13.4
// bytes a clock and SM (3.0 TB/s, 132 SMs, 1.7 GHz). Issue is no limit.
//
// Partial sums of f32[16448, 1024]: 94 groups of at most 176 rows, so 94 * 4 KiB = 0.4 MB beside
// 202 MB; of bf16 196 groups of 84 rows, 0.8 MB beside 101 MB. They are likely to stay in the L2.

namespace hollow::kernels {
namespace {

template <typename T, int kBytes, Caching kCaching>
__global__ void __launch_bounds__(BackwardTiles::kThreads, BackwardTiles::kBlocksAnSm)
    layer_scale_backward_kernel(BackwardOperands<T> t, float* partial, ScaleFactors<T> factors,
                                BackwardTiles tiles,
                                const __grid_constant__ SamplePairTable pairs) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  __shared__ LaneSums<kCount> sums;
  float sum[kCount] = {};
  backward_thread<kBytes, kCaching>(t, factors, tiles, pairs, blockIdx.x, blockIdx.y, blockIdx.z,
                                    threadIdx.x, sum);
  sums.keep(threadIdx.x, sum);
  __syncthreads();
  const int64_t group = int64_t{blockIdx.z} * tiles.parts + blockIdx.y;
  sums.add_lanes(partial + group * tiles.width, tiles, blockIdx.x, threadIdx.x);
}
static_assert(sizeof(BackwardOperands<float>) + sizeof(float*) + sizeof(ScaleFactors<float>) +
                  sizeof(BackwardTiles) + sizeof(SamplePairTable) <=
              4096);

template <typename T>
__global__ void __launch_bounds__(ColumnSums::kThreads)
    grad_gamma_kernel(T* grad_gamma, const float* partial, float alpha, ColumnSums sums) {
  __shared__ double shared[ColumnSums::kThreads];
  shared[threadIdx.x] = sums.part(partial, blockIdx.x, threadIdx.x);
  for (uint32_t half = ColumnSums::kThreads / 2; half >= sums.width; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  const int64_t column = sums.column(blockIdx.x, threadIdx.x);
  if (threadIdx.x >= sums.width || column >= sums.dim) return;
  const double total = sums.rows == 0 ? 0 : alpha * shared[threadIdx.x];
  grad_gamma[column] = static_cast<T>(static_cast<float>(total));
}

// Elements of the place, until the stream has come to the end of the scope.
template <typename T>
class Scratch {
 public:
  Scratch(Cuda place, int64_t count)
      : place_(place),
        bytes_(static_cast<size_t>(count) * sizeof(T)),
        memory_(static_cast<T*>(allocate(place, bytes_).memory)) {}
  ~Scratch() { deallocate(place_, memory_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* get() const { return memory_; }

 private:
  const Cuda place_;
  const size_t bytes_;
  T* const memory_;
};

// Requires a single pair where there are no lists.
template <typename T>
void launch(Cuda place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x, const T* gamma,
            float alpha, const SamplePairs& pairs, int64_t rows, int64_t dim) {
  constexpr int kWidest = 16 / int{sizeof(T)};
  const int64_t sample_bytes = rows * dim * int64_t{sizeof(T)};
  const int64_t all_bytes = pairs.count * sample_bytes;
  const bool in_place = grad_x == grad_y || grad_x == x;
  // One sample begins where the tensor does, others at multiples of their size.
  const bool alone = pairs.y == nullptr && pairs.x == nullptr;
  const int bytes = widest_vector(address_of(grad_x) | address_of(grad_y) | address_of(x) |
                                  static_cast<uint64_t>(alone ? 0 : sample_bytes));
  const Caching caching = caching_for(all_bytes, (in_place ? 2 : 3) * all_bytes, l2_bytes(place));
  const BackwardTiles tiles(rows * dim, dim, kWidest, bytes / int{sizeof(T)}, pairs.count,
                            SamplePairTable::kMost);
  const ScaleFactors<T> factors(gamma, alpha, dim, bytes);
  const cudaStream_t stream = stream_of(place);

  const int64_t full = pairs.count / SamplePairTable::kMost;
  const int64_t groups = full * tiles.groups(SamplePairTable::kMost) +
                         tiles.groups(pairs.count % SamplePairTable::kMost);
  const Scratch<float> partial(place, groups * tiles.width);
  float* to = partial.get();
  for (int64_t first = 0; first < pairs.count; first += SamplePairTable::kMost) {
    const SamplePairTable table(pairs, first);
    const dim3 grid(tiles.blocks, tiles.parts,
                    static_cast<unsigned>(tiles.pair_groups(table.count)));
    visit_access<T>(bytes, caching, [&]<int kBytes, Caching kCaching>() {
      layer_scale_backward_kernel<T, kBytes, kCaching>
          <<<grid, BackwardTiles::kThreads, 0, stream>>>({grad_x, grad_y, x}, to, factors, tiles,
                                                         table);
    });
    check_launch();
    to += tiles.groups(table.count) * tiles.width;
  }
  const ColumnSums sums(groups * (tiles.width / dim), dim);
  grad_gamma_kernel<<<sums.blocks, ColumnSums::kThreads, 0, stream>>>(grad_gamma, partial.get(),
                                                                      alpha, sums);
  check_launch();
}

// An operand of the index, and a contiguous tensor beside it.
Strided<2> beside_contiguous(const Strided<3>& index, int operand, bool operand_first) {
  Strided<2> both;
  both.numel = index.numel;
  both.rank = index.rank;
  int64_t stride = 1;
  for (int d = index.rank - 1; d >= 0; --d) {
    both.size[d] = index.size[d];
    both.stride[operand_first ? 0 : 1][d] = index.stride[operand][d];
    both.stride[operand_first ? 1 : 0][d] = stride;
    stride *= index.size[d];
  }
  return both;
}

}  // namespace

template <typename T>
void layer_scale_backward(Cuda place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const SamplePairs& pairs, int64_t rows,
                          int64_t dim) {
  if (dim == 0) return;
  const DeviceGuard guard(place);
  if (pairs.count == 0 || rows == 0) {
    const ColumnSums none(0, dim);
    grad_gamma_kernel<T><<<none.blocks, ColumnSums::kThreads, 0, stream_of(place)>>>(
        grad_gamma, nullptr, alpha, none);
    return check_launch();
  }
  if (pairs.y == nullptr && pairs.x == nullptr) {
    const SamplePairs one;
    return launch(place, grad_x, grad_gamma, grad_y, x, gamma, alpha, one, pairs.count * rows, dim);
  }
  launch(place, grad_x, grad_gamma, grad_y, x, gamma, alpha, pairs, rows, dim);
}

// By contiguous copies: right, and slower.
template <typename T>
void layer_scale_backward(Cuda place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const Strided<3>& runs, int64_t dim) {
  const SamplePairs all;
  if (runs.numel == 0) {
    return layer_scale_backward<T>(place, nullptr, grad_gamma, nullptr, nullptr, gamma, alpha, all,
                                   0, dim);
  }
  const Scratch<T> grad(place, runs.numel), values(place, runs.numel);
  cast(place, grad.get(), grad_y, beside_contiguous(runs, 1, false));
  cast(place, values.get(), x, beside_contiguous(runs, 2, false));
  layer_scale_backward<T>(place, grad.get(), grad_gamma, grad.get(), values.get(), gamma, alpha,
                          all, runs.numel / dim, dim);
  cast<T, T>(place, grad_x, grad.get(), beside_contiguous(runs, 0, true));
}

#define LAYER_SCALE_BACKWARD(T)                                                         \
  template void layer_scale_backward(Cuda, T*, T*, const T*, const T*, const T*, float, \
                                     const SamplePairs&, int64_t, int64_t);             \
  template void layer_scale_backward(Cuda, T*, T*, const T*, const T*, const T*, float, \
                                     const Strided<3>&, int64_t);
HOLLOW_F32_FLOATS(LAYER_SCALE_BACKWARD)

}  // namespace hollow::kernels
