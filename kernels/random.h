// Fills a tensor with random values that depend on (key, generation, element index) only, never on
// threads, device or layout: element i is word i mod 4 of Philox block i/4 (kernels/philox.h), made
// into a value by the distribution (kernels/distributions.h), rounded to T. Floating types, for
// UniformFill, NormalFill and TruncatedNormalFill.
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
void random(Cpu, T* y, const Strided<1>& index, RandomStream stream, const Distribution& fill);
template <typename T, typename Distribution>
void random(Cuda place, T* y, const Strided<1>& index, RandomStream stream,
            const Distribution& fill);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_RANDOM_H_
