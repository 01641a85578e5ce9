// Fills a tensor with random values that depend on (key, generation, element index) only, never on
// threads, device, layout or instruction set: element i comes from Philox block i / kPerBlock
// (kernels/philox.h), made into values by the distribution (kernels/distributions.h), rounded to T.
//
// Operand 0 of the index is y; operand 1 is the element index itself, which for a box of a larger
// tensor walks through that one's, from `first` on. Only blocks that the box touches are computed.
#ifndef HOLLOW_KERNELS_RANDOM_H_
#define HOLLOW_KERNELS_RANDOM_H_

#include <cstdint>

#include "kernels/place.h"
#include "kernels/strided.h"

namespace hollow::kernels {

// Which stream of words: 64 bits of key, and how often new values were asked for.
struct RandomStream {
  uint64_t key = 0;
  uint32_t generation = 0;
};

template <typename T, typename Distribution>
void random(Cpu, T* y, const Strided<2>& index, int64_t first, RandomStream stream,
            const Distribution& fill);
template <typename T, typename Distribution>
void random(Cuda place, T* y, const Strided<2>& index, int64_t first, RandomStream stream,
            const Distribution& fill);

// Every T and Distribution that a room instantiates: those that instruction sets have vectors for,
// and all of them.
// clang-format off
#define HOLLOW_RANDOM_FLOATS(X)                                                                   \
  X(float, UniformFill)      X(Half, UniformFill)      X(BFloat16, UniformFill)                   \
  X(float, NormalFill)       X(Half, NormalFill)       X(BFloat16, NormalFill)                    \
  X(float, BernoulliFill)    X(Half, BernoulliFill)    X(BFloat16, BernoulliFill)                 \
  X(float, TruncatedNormalFill) X(Half, TruncatedNormalFill) X(BFloat16, TruncatedNormalFill)
#define HOLLOW_RANDOM(X)                                                                          \
  HOLLOW_RANDOM_FLOATS(X)                                                                         \
  X(double, UniformFill)     X(double, NormalFill)                                                \
  X(double, BernoulliFill)   X(double, TruncatedNormalFill)                                       \
  X(int64_t, BernoulliFill)  X(bool, BernoulliFill)    X(int64_t, IntegerFill)
// clang-format on

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_RANDOM_H_
