// How a tensor is walked beside a table (table_order.h) of a period: in steps of kScaleStep
// elements, each beside one place of the table.
#ifndef HOLLOW_KERNELS_CPU_STEPS_H_
#define HOLLOW_KERNELS_CPU_STEPS_H_

#include <cstdint>

#include "kernels/cpu/scale_flat.h"

namespace hollow::kernels {
namespace {

static_assert((kScaleStep & (kScaleStep - 1)) == 0);

// The fewest whole periods that are whole steps.
[[maybe_unused]] inline int64_t whole_steps(int64_t period) {
  while (period % kScaleStep != 0) period *= 2;
  return period;
}

// How many elements of `left` come next, in whole steps of which none begins beyond the period's
// `rest`: a loop that does nothing but steps.
[[maybe_unused]] inline int64_t steps_ahead(int64_t left, int64_t rest) {
  const int64_t of_left = left & -kScaleStep;
  const int64_t of_rest = (rest + kScaleStep - 1) & -kScaleStep;
  return of_left < of_rest ? of_left : of_rest;
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_STEPS_H_
