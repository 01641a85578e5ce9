// The order in which kernels/cpu/scale_backward.h walks, the same for every instruction set:
// included by the source of each, which brings the step.
//
// Two walkers go through a half each, always at the same factors and sums, so that these are loaded
// and stored once for twice as many elements.
#ifndef HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_
#define HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/steps.h"
#include "kernels/cpu/table_order.h"

namespace hollow::kernels {
namespace {

constexpr int kWalkers = 2;

// What a walker goes through: whole periods, so that all begin at factor 0, and whole steps, so
// that all are as well aligned as the first. 0 where there is not enough, or where both would
// always be in the same sets of the first cache, 4 KiB apart, though what they read comes from
// memory: then one pushes out what was just prefetched for the other.
inline int64_t elements_a_walker(int64_t period, int64_t count, int64_t item_size, bool in_caches) {
  const int64_t unit = whole_steps(period);
  int64_t units = count / kWalkers / unit;
  if (units % 2 == 0 && units > 0) --units;
  const bool same_sets = units * unit * item_size % 4096 == 0;
  return same_sets && !in_caches ? 0 : units * unit;
}

// Step::go<kCount>(grad_x, grad_y, x, between, factors, sums, next) does kScaleStep elements of
// each of kCount walkers, in their order; `between` is the distance from one to the next, and
// `next` that from a place in a table to the next one's.
template <int kCount, typename Step, typename T>
[[gnu::always_inline]] inline int64_t walk(T* grad_x, const T* grad_y, const T* x, int64_t between,
                                           const float* factors, float* sums, int64_t period,
                                           int64_t count) {
  int64_t phase = 0;
  const int64_t next = to_next<T>(0, period);
  for (int64_t i = 0; i + kScaleStep <= count;) {
    const int64_t last = i + steps_ahead(count - i, period - phase);
    int64_t at = along<T>(phase);
    phase += last - i;
    if (phase >= period) phase -= period;
    for (; i < last; i += kScaleStep, at += along<T>(kScaleStep)) {
      Step::template go<kCount>(grad_x + i, grad_y + i, x + i, between, factors + at, sums + at,
                                next);
    }
  }
  return phase;
}

template <typename Step, typename FewStep, typename T>
[[gnu::always_inline]] inline void walk_backward(T* grad_x, const T* grad_y, const T* x,
                                                 const float* factors, float* sums, int64_t period,
                                                 int64_t count, bool in_caches) {
  const int64_t each = elements_a_walker(period, count, sizeof(T), in_caches);
  walk<kWalkers, Step>(grad_x, grad_y, x, each, factors, sums, period, each);
  int64_t done = kWalkers * each;
  const int64_t phase =
      walk<1, Step>(grad_x + done, grad_y + done, x + done, 0, factors, sums, period, count - done);
  done += (count - done) / kScaleStep * kScaleStep;
  if (done == count) return;
  T few_x[kScaleStep] = {}, few_y[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count - done) * sizeof(T);
  __builtin_memcpy(few_x, x + done, bytes);
  __builtin_memcpy(few_y, grad_y + done, bytes);
  const int64_t at = along<T>(phase);
  FewStep::template go<1>(few_y, few_y, few_x, 0, factors + at, sums + at, to_next<T>(0, period));
  __builtin_memcpy(grad_x + done, few_y, bytes);
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_
