// The order in which kernels/cpu/scale_backward.h walks, the same for every instruction set:
// included by the source of each, which brings the step.
//
// Two walkers go through a half each, always at the same factors and sums, so that these are loaded
// and stored once for twice as many elements. In runs (kernels/runs.h) they take the same steps in
// the same order, a step that is not in one run from a copy.
#ifndef HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_
#define HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/steps.h"
#include "kernels/cpu/table_order.h"
#include "kernels/strided.h"

namespace hollow::kernels {
namespace {

constexpr int kWalkers = 2;

// What a walker goes through: whole periods, so that all begin at factor 0, and whole steps, so
// that all are as well aligned as the first. 0 where there is not enough, or where both would
// always be in the same sets of the first cache, 4 KiB apart in whole rows, though what they read
// comes from memory: then one pushes out what was just prefetched for the other.
inline int64_t elements_a_walker(int64_t period, int64_t count, int64_t item_size, bool in_caches) {
  const int64_t unit = whole_steps(period);
  int64_t units = count / kWalkers / unit;
  if (units % 2 == 0 && units > 0) --units;
  const bool same_sets = units * unit * item_size % 4096 == 0;
  return same_sets && !in_caches ? 0 : units * unit;
}

// From one walker to the next, in the elements of each operand.
struct Between {
  int64_t grad_x, grad_y, x;
};

// Step::go<kCount>(grad_x, grad_y, x, between, factors, sums, next) does kScaleStep elements of
// each of kCount walkers, in their order; `next` is the distance from a place in a table to the
// next one's. Begins at number `phase` of the tables, and returns that of the next element.
template <int kCount, typename Step, typename T>
[[gnu::always_inline]] inline int64_t walk(T* grad_x, const T* grad_y, const T* x, Between between,
                                           const float* factors, float* sums, int64_t period,
                                           int64_t phase, int64_t count) {
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
  walk<kWalkers, Step>(grad_x, grad_y, x, {each, each, each}, factors, sums, period, 0, each);
  int64_t done = kWalkers * each;
  const int64_t phase = walk<1, Step>(grad_x + done, grad_y + done, x + done, {}, factors, sums,
                                      period, 0, count - done);
  done += (count - done) / kScaleStep * kScaleStep;
  if (done == count) return;
  T few_x[kScaleStep] = {}, few_y[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count - done) * sizeof(T);
  __builtin_memcpy(few_x, x + done, bytes);
  __builtin_memcpy(few_y, grad_y + done, bytes);
  const int64_t at = along<T>(phase);
  FewStep::template go<1>(few_y, few_y, few_x, {}, factors + at, sums + at, to_next<T>(0, period));
  __builtin_memcpy(grad_x + done, few_y, bytes);
}

// The next kScaleStep elements of each walker, or those that are left, wherever they are.
template <int kCount, typename Step, typename T>
inline void step_across(T* grad_x, const T* grad_y, const T* x, RowCursor<3> (&at)[kCount],
                        const float* factors, float* sums, int64_t next, int64_t count) {
  T here_y[kCount][kScaleStep] = {}, here_x[kCount][kScaleStep] = {};
  const auto for_each_part = [count](RowCursor<3>& cursor, auto copy) {
    for (int64_t i = 0; i < count;) {
      const Row<3> row = cursor.row(count - i);
      copy(i, row.first, static_cast<size_t>(row.count) * sizeof(T));
      cursor.advance(row.count);
      i += row.count;
    }
  };
  for (int w = 0; w < kCount; ++w) {
    RowCursor<3> from = at[w];
    for_each_part(from, [&](int64_t i, const int64_t* first, size_t bytes) {
      __builtin_memcpy(here_y[w] + i, grad_y + first[1], bytes);
      __builtin_memcpy(here_x[w] + i, x + first[2], bytes);
    });
  }
  Step::template go<kCount>(here_y[0], here_y[0], here_x[0], {kScaleStep, kScaleStep, kScaleStep},
                            factors, sums, next);
  for (int w = 0; w < kCount; ++w) {
    for_each_part(at[w], [&](int64_t i, const int64_t* first, size_t bytes) {
      __builtin_memcpy(grad_x + first[0], here_y[w] + i, bytes);
    });
  }
}

// Asks for the begin of what follows after `count` elements.
template <typename T>
inline void prefetch_next(RowCursor<3> at, const T* grad_y, const T* x, int64_t count) {
  at.advance(count);
  const Row<3> next = at.row(kPrefetchAhead);
  prefetch_begin(grad_y + next.first[1], next.count);
  prefetch_begin(x + next.first[2], next.count);
}

// walk() in runs: steps within the runs of all walkers at once, the others one by one.
template <int kCount, typename Step, typename FewStep, typename T>
inline void walk_runs(T* grad_x, const T* grad_y, const T* x, RowCursor<3> (&at)[kCount],
                      const float* factors, float* sums, int64_t period, int64_t count,
                      bool in_caches) {
  int64_t phase = 0;
  while (count > 0) {
    Row<3> row[kCount];
    int64_t steps = count;
    for (int w = 0; w < kCount; ++w) {
      row[w] = at[w].row(steps);
      steps = row[w].count;
    }
    steps &= -kScaleStep;
    if (steps > 0) {
      if (!in_caches) {
        for (const RowCursor<3>& each : at) prefetch_next(each, grad_y, x, steps);
      }
      const auto &first = row[0].first, &last = row[kCount - 1].first;
      phase = walk<kCount, Step>(grad_x + first[0], grad_y + first[1], x + first[2],
                                 {last[0] - first[0], last[1] - first[1], last[2] - first[2]},
                                 factors, sums, period, phase, steps);
      for (RowCursor<3>& each : at) each.advance(steps);
    } else {
      steps = count < kScaleStep ? count : kScaleStep;
      step_across<kCount, FewStep>(grad_x, grad_y, x, at, factors + along<T>(phase),
                                   sums + along<T>(phase), to_next<T>(0, period), steps);
      phase += kScaleStep;
      if (phase >= period) phase -= period;
    }
    count -= steps;
  }
}

template <typename Step, typename FewStep, typename T>
inline void walk_backward(T* grad_x, const T* grad_y, const T* x, const Strided<3>& runs,
                          int64_t first, const float* factors, float* sums, int64_t period,
                          int64_t count, bool in_caches) {
  static_assert(kWalkers == 2);
  const int64_t each = elements_a_walker(period, count, sizeof(T), in_caches);
  RowCursor<3> both[] = {{runs, first}, {runs, first + each}};
  walk_runs<kWalkers, Step, FewStep>(grad_x, grad_y, x, both, factors, sums, period, each,
                                     in_caches);
  RowCursor<3> rest[] = {{runs, first + kWalkers * each}};
  walk_runs<1, Step, FewStep>(grad_x, grad_y, x, rest, factors, sums, period,
                              count - kWalkers * each, in_caches);
}

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_BACKWARD_WALK_H_
