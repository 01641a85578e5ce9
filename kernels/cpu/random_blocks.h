// The values of whole Philox blocks, by one instruction set: the inner loops of a random fill.
// Their bits are those of OneLane.
#ifndef HOLLOW_KERNELS_CPU_RANDOM_BLOCKS_H_
#define HOLLOW_KERNELS_CPU_RANDOM_BLOCKS_H_

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/distributions.h"
#include "kernels/random.h"
#include "kernels/scalar.h"

namespace hollow::kernels {

// Lists of block numbers are read in multiples of this.
inline constexpr int64_t kBlocksAtOnce = 32;

// y[kPerBlock * i + j] = value j of block first + i, for 0 <= i < blocks.
template <Isa kIsa, typename T, typename Distribution>
void random_run(T* y, uint64_t first, int64_t blocks, RandomStream stream,
                const Distribution& fill);

// The same for block numbers[i]. The list can be read up to the next multiple of kBlocksAtOnce.
template <Isa kIsa, typename T, typename Distribution>
void random_list(T* y, const uint64_t* numbers, int64_t blocks, RandomStream stream,
                 const Distribution& fill);

// For HOLLOW_RANDOM_FLOATS; the portable one has integers and f64 too.
// clang-format off
#define HOLLOW_RANDOM_BLOCKS_OF(isa, T, Distribution)                                             \
  template void random_run<isa>(T*, uint64_t, int64_t, RandomStream, const Distribution&);        \
  template void random_list<isa>(T*, const uint64_t*, int64_t, RandomStream, const Distribution&);
// clang-format on

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_RANDOM_BLOCKS_H_
