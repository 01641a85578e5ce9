// Fills a tensor with random values that depend on (key, generation, element index) only, never on
// threads, device, layout or instruction set: element i comes from Philox block i / kPerBlock
// (kernels/philox.h), made into values by the distribution (kernels/distributions.h), rounded to T.
//
// Operand 0 of the index is y; operand 1 is the element index itself, which for a box of a larger
// tensor walks through that one's, from `first` on. Only blocks that the box touches are computed.
//
// Uniform, normal and truncated normal: floating types. Bernoulli: all types. Integers: i64.
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

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_RANDOM_H_
