// kernels/cpu/scale_flat.h for vectors: included by the source of each instruction set, after its
// lanes.
//
// Rows do not matter here: the tensor is walked as one, in steps of whole vectors, and beside it
// the factors, of which the table holds more than a period, so that a step may begin at any of
// them. So odd sizes and unaligned rows go at the speed of all others.
#ifndef HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
#define HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/steps.h"
#include "kernels/cpu/table_order.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kLine = 64;
static_assert(kScaleStep % (2 * Vectors::kFloats) == 0);

struct Form {
  bool adds;  // a residual
  Stores stores;
};

// kScaleStep elements of each of kWalkers walkers, by the same factors; `between` is the distance
// from one to the next.
template <int kWalkers, Form kForm, typename T, typename Table>
[[gnu::always_inline]] inline void scale_step(T* y, const T* residual, const T* x, int64_t between,
                                              Table& factors) {
  using Two = Vectors::Two;
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  Two factor[kScaleStep / kTwo];
#pragma GCC unroll 8
  for (Two& two : factor) factors.read(two);
#pragma GCC unroll 8
  for (int64_t w = 0; w < kWalkers; ++w) {
    Two result[kScaleStep / kTwo];
#pragma GCC unroll 8
    for (int64_t i = 0; i < kScaleStep; i += kTwo) {
      const Two by = factor[i / kTwo];
      const Two value = Vectors::load_two(x + w * between + i);
      Two& to = result[i / kTwo];
      if constexpr (kForm.adds) {
        const Two added = Vectors::load_two(residual + w * between + i);
        to = {Vectors::fma(value.a, by.a, added.a), Vectors::fma(value.b, by.b, added.b)};
      } else {
        to = {value.a * by.a, value.b * by.b};
      }
    }
#pragma GCC unroll 8
    for (int64_t i = 0; i < kScaleStep; i += kTwo) {
      if constexpr (kForm.stores == Stores::kStreaming) {
        Vectors::stream_two(y + w * between + i, result[i / kTwo]);
      } else {
        Vectors::store_two(y + w * between + i, result[i / kTwo]);
      }
    }
  }
}

// Fewer elements than a step.
template <Form kForm, typename T>
void scale_few(T* y, const T* residual, const T* x, const float* factors, int64_t next,
               int64_t count) {
  constexpr Form kCached = {kForm.adds, Stores::kCached};
  T step[kScaleStep] = {}, added[kScaleStep] = {};
  const size_t bytes = static_cast<size_t>(count) * sizeof(T);
  __builtin_memcpy(step, x, bytes);
  if constexpr (kForm.adds) __builtin_memcpy(added, residual, bytes);
  TableReader<T, Consecutive<Vectors>> table(factors, next);
  scale_step<1, kCached>(step, added, step, 0, table);
  __builtin_memcpy(y, step, bytes);
}

// What each of two walkers goes through, whole periods and whole steps, so that both are always at
// the same factors, which are loaded once for twice as many elements; 0 for one walker. Two are
// faster where these loads are what takes the time: of one tensor, in place; of f16; and of a table
// that is half the first cache. Elsewhere twice as many streams are slower, and bf16, which waits
// for arithmetic, has too few registers.
template <Form kForm, typename T>
int64_t elements_a_walker(const T* y, const T* x, int64_t period, int64_t count) {
  constexpr int64_t kLargeTable = Vectors::kFirstCache / 2 / int64_t{sizeof(float)};
  const bool one_tensor = !kForm.adds && y == x;
  const bool loads_show = one_tensor || sizeof(T) == 2 || period >= kLargeTable;
  if (kForm.stores == Stores::kStreaming || kByParity<T> || !loads_show) return 0;
  const int64_t unit = whole_steps(period);
  return count / 2 / unit * unit;
}

template <Form kForm, typename T>
void scale(T* y, const T* residual, const T* x, const float* factors, int64_t period, int64_t phase,
           int64_t count) {
  constexpr bool kStreams = kForm.stores == Stores::kStreaming;
  // From here on it pays to store to whole lines.
  constexpr int64_t kWorthAligning = 1 << 11;
  int64_t i = 0;
  const auto residual_at = [&](int64_t at) { return kForm.adds ? residual + at : nullptr; };
  const auto past = reinterpret_cast<uintptr_t>(y) % kLine;
  if (past != 0 && (kStreams || count >= kWorthAligning)) {
    i = static_cast<int64_t>((kLine - past) / sizeof(T));
    if (i > count) i = count;
    scale_few<kForm>(y, residual, x, factors + place<T>(phase, period), to_next<T>(phase, period),
                     i);
    phase = (phase + i) % period;
  }
  const int64_t next = to_next<T>(phase, period);
  factors += place<T>(phase, period) - along<T>(phase);
  const auto walk = [&]<int kWalkers>(int64_t between, int64_t end) {
    while (i + kScaleStep <= end) {
      const int64_t last = i + steps_ahead(end - i, period - phase);
      const float* factor = factors + along<T>(phase);
      phase += last - i;
      if (phase >= period) phase -= period;
      read_table<Vectors, T>(
          factor, next, [&](auto table) __attribute__((always_inline)) {
            for (; i < last; i += kScaleStep) {
              if constexpr (kStreams) {
                prefetch<kScaleStep>(x + i);
                if constexpr (kForm.adds) prefetch<kScaleStep>(residual + i);
              }
              scale_step<kWalkers, kForm>(y + i, residual_at(i), x + i, between, table);
            }
          });
    }
  };
  if (const int64_t each = elements_a_walker<kForm>(y, x, period, count - i); each > 0) {
    walk.template operator()<2>(each, i + each);
    i += each;
  }
  walk.template operator()<1>(0, count);
  if (i < count) {
    scale_few<kForm>(y + i, residual_at(i), x + i, factors + along<T>(phase), next, count - i);
  }
}

// Calls function.operator()<Form>() for that one.
template <typename Function>
[[gnu::always_inline]] inline void visit_form(bool adds, Stores stores, const Function& function) {
  const bool streams = stores == Stores::kStreaming;
  if (!adds) {
    if (streams) return function.template operator()<Form{false, Stores::kStreaming}>();
    return function.template operator()<Form{false, Stores::kCached}>();
  }
  if (streams) return function.template operator()<Form{true, Stores::kStreaming}>();
  function.template operator()<Form{true, Stores::kCached}>();
}

}  // namespace

template <Isa kIsa, typename T>
void scale_flat(T* y, const T* residual, const T* x, const float* factors, int64_t period,
                int64_t phase, int64_t count, Stores stores) {
  visit_form(residual != nullptr, stores,
             [&]<Form kForm>() { scale<kForm>(y, residual, x, factors, period, phase, count); });
}

template <Isa kIsa, typename T, int kOperands>
void scale_runs(T* y, const T* residual, const T* x, const Strided<kOperands>& runs, int64_t begin,
                int64_t end, const float* factors, int64_t period, int64_t dim, bool in_caches,
                Stores stores) {
  constexpr bool kAdds = kOperands == 3;
  constexpr int kX = kOperands - 1;
  visit_form(kAdds, stores, [&]<Form kForm>() {
    if constexpr (kForm.adds == kAdds) {
      RowCursor<kOperands> at(runs, begin);
      int64_t phase = begin % dim;  // every other run begins with a row
      for (int64_t left = end - begin; left > 0; phase = 0) {
        const Row<kOperands> row = at.row(left);
        at.advance(row.count);
        left -= row.count;
        if (!in_caches && left > 0) {
          const Row<kOperands> next = at.row(left);
          prefetch_begin(x + next.first[kX], next.count);
          if constexpr (kAdds) prefetch_begin(residual + next.first[1], next.count);
        }
        scale<kForm>(y + row.first[0], kAdds ? residual + row.first[1] : nullptr, x + row.first[kX],
                     factors, period, phase, row.count);
      }
    }
  });
}

template <Isa kIsa, typename T>
void make_factors(float* factors, const T* gamma, float alpha, int64_t count, int64_t period) {
  constexpr int64_t kTwo = 2 * Vectors::kFloats;
  const int64_t next = to_next<T>(0, period);
  const auto scaled = [&](const T* from) -> Vectors::Two {
    const Vectors::Two two = Vectors::load_two(from);
    return {alpha * two.a, alpha * two.b};
  };
  int64_t i = 0;
  for (; i + kTwo <= count; i += kTwo) {
    store_table<Vectors, T>(factors, next, i, scaled(gamma + i));
  }
  T few[kTwo] = {};
  float made[kTwo + kScaleStep];
  __builtin_memcpy(few, gamma + i, static_cast<size_t>(count - i) * sizeof(T));
  store_table<Vectors, T>(made, to_next<T>(0, kTwo), 0, scaled(few));
  for (int64_t j = 0; i + j < count; ++j) {
    factors[place<T>(i + j, period)] = made[place<T>(j, kTwo)];
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_FLAT_LANES_H_
