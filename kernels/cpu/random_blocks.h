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

// What every instruction set instantiates them for; the portable one has IntegerFill too.
// clang-format off
#define HOLLOW_RANDOM_BLOCKS_OF(isa, T, Distribution)                                             \
  template void random_run<isa>(T*, uint64_t, int64_t, RandomStream, const Distribution&);        \
  template void random_list<isa>(T*, const uint64_t*, int64_t, RandomStream, const Distribution&);
#define HOLLOW_RANDOM_BLOCKS(X)                                                                   \
  X(float, UniformFill)    X(float, NormalFill)                                                   \
  X(float, BernoulliFill)  X(float, TruncatedNormalFill)                                          \
  X(Half, UniformFill)     X(Half, NormalFill)                                                    \
  X(Half, BernoulliFill)   X(Half, TruncatedNormalFill)                                           \
  X(BFloat16, UniformFill) X(BFloat16, NormalFill)                                                \
  X(BFloat16, BernoulliFill) X(BFloat16, TruncatedNormalFill)
// clang-format on

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_RANDOM_BLOCKS_H_
