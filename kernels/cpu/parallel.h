// One pool of threads for all CPU kernels, started at first need.
//
//   parallel_for(n, kGrain, kUnit, [&](int64_t begin, int64_t end) { ... });
//
// calls the function on disjoint ranges that cover [0, n) and returns when all are done. Ranges
// begin at multiples of `unit`, which must not be more than the grain, and are alike but for a unit
// or two; work smaller than two grains stays on the caller, and what is larger is not cut into less
// than grains, give or take a unit. How the range is cut depends on n, grain, unit and
// num_threads() alone; which thread does which range is settled as they come. The function must not
// throw. Where the pool is busy (another thread's kernel, or a call from inside one) the caller
// does all the work itself.
//
// A thread of the pool that had a part in a job looks for the next one for a tenth of a millisecond
// before it sleeps, unless there are more threads than cores; and a job never waits for one that
// sleeps. Threads are started as they are needed, and stay.
#ifndef HOLLOW_KERNELS_CPU_PARALLEL_H_
#define HOLLOW_KERNELS_CPU_PARALLEL_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace hollow::kernels {

// How many threads kernels may use, the caller's included: what set_num_threads said last, else
// HOLLOW_NUM_THREADS, else the number of cores. Throws Failure(kConfiguration) where the variable
// is not a number from 1 to 1024.
int num_threads();

// Takes effect at the next kernel. Throws Failure(kConfiguration) unless 1 <= count <= 1024.
void set_num_threads(int count);

namespace internal {

void parallel_parts(int64_t n, int64_t grain, int64_t unit,
                    absl::FunctionRef<void(int64_t, int64_t)> function);

}  // namespace internal

// Small work is inlined: where there is least to do, a call shows.
template <typename Function>
void parallel_for(int64_t n, int64_t grain, int64_t unit, const Function& function) {
  if (n >= 2 * grain) return internal::parallel_parts(n, grain, unit, function);
  if (n > 0) function(0, n);
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_PARALLEL_H_
