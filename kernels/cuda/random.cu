#include <cstdint>

#include "kernels/cuda/runtime.h"
#include "kernels/distributions.h"
#include "kernels/philox.h"
#include "kernels/random.h"
#include "kernels/random_rows.h"
#include "kernels/scalar.h"

// One Philox block, four elements (two integers), a thread and step. What a thread has is stored at
// once where it is whole, contiguous and aligned, as it is in all but the ends of a contiguous
// tensor: 16 bytes of f32, 8 of a 16-bit type, 32 of f64.

namespace hollow::kernels {
namespace {

// kCount values next to each other.
template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Neighbours {
  T value[kCount];
};

template <typename T, typename Distribution>
__global__ void __launch_bounds__(kThreads)
    random_kernel(T* y, RandomRows<Distribution::kPerBlock> rows, RandomStream stream,
                  Distribution fill) {
  constexpr int kPerBlock = Distribution::kPerBlock;
  using Whole = Neighbours<T, kPerBlock>;
  const int64_t threads = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < rows.blocks; i += threads) {
    const RandomPiece piece = rows.piece(i);
    if (piece.count == 0) continue;
    typename Distribution::Value value[kPerBlock];
    values_of(random_block(stream.key, stream.generation, static_cast<uint64_t>(piece.block)), fill,
              value);
    T* const to = y + piece.at;
    if (piece.count == kPerBlock && piece.step == 1 &&
        reinterpret_cast<uintptr_t>(to) % sizeof(Whole) == 0) {
      Whole whole;
#pragma unroll
      for (int j = 0; j < kPerBlock; ++j) whole.value[j] = convert<T>(value[j]);
      *reinterpret_cast<Whole*>(to) = whole;
      continue;
    }
#pragma unroll
    for (int j = 0; j < kPerBlock; ++j) {  // over all words, so that `value` stays in registers
      const int place = j - piece.word;
      if (place >= 0 && place < piece.count) to[place * piece.step] = convert<T>(value[j]);
    }
  }
}

}  // namespace

template <typename T, typename Distribution>
void random(Cuda place, T* y, const Strided<2>& index, int64_t first, RandomStream stream,
            const Distribution& fill) {
  if (index.numel == 0) return;
  const RandomRows<Distribution::kPerBlock> rows(index, first);
  const DeviceGuard guard(place);
  random_kernel<<<blocks_for(rows.blocks), kThreads, 0, stream_of(place)>>>(y, rows, stream, fill);
  check_launch();
}

#define RANDOM(T, Distribution) \
  template void random(Cuda, T*, const Strided<2>&, int64_t, RandomStream, const Distribution&);
HOLLOW_RANDOM(RANDOM)

}  // namespace hollow::kernels
