#include <cstdint>

#include "kernels/cuda/access.h"
#include "kernels/cuda/runtime.h"
#include "kernels/dtypes.h"
#include "kernels/elementwise.h"
#include "kernels/layer_scale.h"
#include "kernels/layer_scale_thread.h"
#include "kernels/layer_scale_tiles.h"
#include "kernels/runs.h"
#include "kernels/sample_pair_table.h"
#include "kernels/vector.h"

// One shot: a thread takes 4 vectors of 16 bytes that are of the same channels
// (kernels/layer_scale_tiles.h), asks for all of them, then for its factors, computes, and is done.
// Where addresses forbid 16 bytes it is 4 of 8, or 6 of 4 or 2. What it does in full is
// kernels/layer_scale_thread.h, which a test runs on the host. Sample pairs travel with the
// parameters: 240 a launch, nothing allocated, and a sample that is in none is not touched.
//
// NEVER RUN: there was no GPU at hand when this was written. All that follows was read off nvcc
// 13.0's machine code for sm_90, or is arithmetic; nothing was measured.
//
//                registers   blocks    reads in flight     instructions
//                            an SM     an SM, at most      to the exit
//   f32 forward      40        6         96 KiB              217
//   16-bit           48        5         80 KiB              338
//   f32 fused        62        4        128 KiB              241
//   16-bit           64        4        128 KiB              393
//   indexed       64-74       3-4     96-128 KiB           289-449
//
// (The instructions hold both ways to load factors, of which a thread takes one.) No spills, no
// local memory, also for sm_80. Wanted in flight are 32 KiB (H100) or 48 KiB (H200) an SM, so it
// suffices that threads spend half their lives waiting. An H100 moves some 3.0 TB/s: 13.4 bytes a
// clock and SM (132 of them, at 1.7 GHz). A warp moves 4 KiB (forward) or 6 KiB (fused), for which
// that is 305 or 460 clocks: it issues 0.5 to 1.1 instructions a clock of the 4 that an SM can.
//
// Accesses of 8 and 4 bytes have 64 and 48 KiB in flight, those of 2 bytes 24: too few for an H100.
//
// Factors are read once for 4 vectors and come from L1 or L2: at most an eighth more traffic there.

namespace hollow::kernels {
namespace {

constexpr int kBlock = ScaleTiles::kThreads;

template <typename T, int kBytes, Caching kCaching, bool kAdds>
__global__ void __launch_bounds__(kBlock)
    layer_scale_kernel(ScaleOperands<T> t, ScaleFactors<T> factors, ScaleTiles tiles) {
  scale_thread<kAdds, kBytes, kCaching>(t, factors, tiles, blockIdx.y, blockIdx.x, threadIdx.x);
}

// Layer blockIdx.z of the grid has the samples of that pair.
template <typename T, int kBytes, Caching kCaching>
__global__ void __launch_bounds__(kBlock)
    layer_scale_index_add_kernel(T* y, const T* x, ScaleFactors<T> factors, ScaleTiles tiles,
                                 const __grid_constant__ SamplePairTable pairs) {
  T* const of_y = y + pairs.y[blockIdx.z] * tiles.numel;
  const ScaleOperands<T> t = {of_y, of_y, x + pairs.x[blockIdx.z] * tiles.numel};
  scale_thread<true, kBytes, kCaching>(t, factors, tiles, blockIdx.y, blockIdx.x, threadIdx.x);
}
static_assert(sizeof(SamplePairTable) + sizeof(ScaleTiles) + sizeof(ScaleFactors<float>) +
                  2 * sizeof(void*) <=
              4096);

// A launch's shape, for `samples` samples of rows * dim elements.
template <typename T>
struct Plan {
  // `addresses` is the bitwise or of those that samples begin at.
  Plan(Cuda place, uint64_t addresses, int64_t tensors, bool in_place, const T* gamma, float alpha,
       int64_t rows, int64_t dim, int64_t samples)
      : bytes(widest_vector(addresses)),
        caching(caching_for(samples * sample_bytes(rows, dim),
                            (in_place ? tensors - 1 : tensors) * samples * sample_bytes(rows, dim),
                            l2_bytes(place))),
        tiles(rows * dim, dim, bytes, bytes / int{sizeof(T)}, samples),
        factors(gamma, alpha, dim, bytes) {}

  static int64_t sample_bytes(int64_t rows, int64_t dim) { return rows * dim * int64_t{sizeof(T)}; }

  int bytes;
  Caching caching;
  ScaleTiles tiles;
  ScaleFactors<T> factors;
};

template <bool kAdds, typename T>
void launch(Cuda place, const ScaleOperands<T>& t, const T* gamma, float alpha, int64_t rows,
            int64_t dim) {
  if (rows == 0 || dim == 0) return;
  const DeviceGuard guard(place);
  const Plan<T> plan(place, address_of(t.y) | address_of(t.residual) | address_of(t.x),
                     kAdds ? 3 : 2, t.y == t.x || t.y == t.residual, gamma, alpha, rows, dim, 1);
  visit_access<T>(plan.bytes, plan.caching, [&]<int kBytes, Caching kCaching>() {
    layer_scale_kernel<T, kBytes, kCaching, kAdds>
        <<<dim3(plan.tiles.blocks, plan.tiles.stripes), kBlock, 0, stream_of(place)>>>(
            t, plan.factors, plan.tiles);
  });
  check_launch();
}

}  // namespace

template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim) {
  launch<false, T>(place, {y, nullptr, x}, gamma, 1, rows, dim);
}

template <typename T>
void layer_scale_add(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     int64_t rows, int64_t dim) {
  launch<true, T>(place, {y, residual, x}, gamma, alpha, rows, dim);
}

// Runs go by the kernels that divide for every element (elementwise.cu): right, and slower.
template <typename T>
void layer_scale(Cuda place, T* y, const T* x, const T* gamma, const Strided<2>& runs,
                 int64_t dim) {
  mul(place, y, x, gamma, beside_channels(runs, dim));
}

template <typename T>
void layer_scale_add(Cuda place, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     const Strided<3>& runs, int64_t dim) {
  addcmul(place, y, residual, x, gamma, alpha, beside_channels(runs, dim));
}

template <typename T>
void layer_scale_index_add(Cuda place, T* y, const T* x, const T* gamma, float alpha,
                           const SamplePairs& pairs, int64_t rows, int64_t dim) {
  if (is_identity(pairs)) {
    return layer_scale_add<T>(place, y, y, x, gamma, alpha, pairs.count * rows, dim);
  }
  if (pairs.count == 0 || rows == 0 || dim == 0) return;
  const DeviceGuard guard(place);
  // The samples begin at multiples of their size, so it counts even for one pair.
  const int64_t sample_bytes = Plan<T>::sample_bytes(rows, dim);
  const Plan<T> plan(place, address_of(y) | address_of(x) | static_cast<uint64_t>(sample_bytes), 3,
                     /*in_place=*/true, gamma, alpha, rows, dim, pairs.count);
  for (int64_t first = 0; first < pairs.count; first += SamplePairTable::kMost) {
    const SamplePairTable table(pairs, first);
    const dim3 grid(plan.tiles.blocks, plan.tiles.stripes, static_cast<unsigned>(table.count));
    visit_access<T>(plan.bytes, plan.caching, [&]<int kBytes, Caching kCaching>() {
      layer_scale_index_add_kernel<T, kBytes, kCaching>
          <<<grid, kBlock, 0, stream_of(place)>>>(y, x, plan.factors, plan.tiles, table);
    });
    check_launch();
  }
}

#define LAYER_SCALE(T)                                                                            \
  template void layer_scale(Cuda, T*, const T*, const T*, int64_t, int64_t);                      \
  template void layer_scale_add(Cuda, T*, const T*, const T*, const T*, float, int64_t, int64_t); \
  template void layer_scale(Cuda, T*, const T*, const T*, const Strided<2>&, int64_t);            \
  template void layer_scale_add(Cuda, T*, const T*, const T*, const T*, float, const Strided<3>&, \
                                int64_t);                                                         \
  template void layer_scale_index_add(Cuda, T*, const T*, const T*, float, const SamplePairs&,    \
                                      int64_t, int64_t);
HOLLOW_F32_FLOATS(LAYER_SCALE)

}  // namespace hollow::kernels
