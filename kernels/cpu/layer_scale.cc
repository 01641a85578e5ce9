#include "kernels/layer_scale.h"

#include <algorithm>
#include <type_traits>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/factor_table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/strategy.h"
#include "kernels/dtypes.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

// What a table of factors has room for: 64 KiB, on the stack, and twice that of bf16, where an odd
// number of them comes in two periods.
constexpr int64_t kMostFactors = 1 << 14;

// Whether gamma is such a table itself: where no step begins or ends within a row, and no vector is
// in two lines.
template <typename T>
bool is_table(float alpha, int64_t dim, const T* y, const T* gamma) {
  return std::is_same_v<T, float> && alpha == 1 && dim % kScaleStep == 0 && on_a_line(y) &&
         on_a_line(gamma);
}

// With the residual, or without one where that is null.
template <typename T>
struct Operands {
  T* y;
  const T* residual;
  const T* x;
  Stores stores;

  // Elements [begin, begin + count) of the flat arrays, by factors from `phase` on.
  void scale(Isa chosen, const float* factors, int64_t period, int64_t phase, int64_t begin,
             int64_t count) const {
    visit_isa(chosen, [&]<Isa kIsa>() {
      scale_flat<kIsa>(y + begin, residual == nullptr ? nullptr : residual + begin, x + begin,
                       factors, period, phase, count, stores);
    });
  }
};

// Elements [begin, end), beside a table that begins with factor 0 of a row.
template <typename T>
void scale_some(const Operands<T>& t, Isa chosen, const float* factors, int64_t period,
                int64_t begin, int64_t end) {
  const int64_t phase = begin == 0 ? 0 : begin % period;  // a division is long for a short row
  t.scale(chosen, factors, period, phase, begin, end - begin);
  order_stores(t.stores);
}

// Where a row has more channels than a table: some of them for all rows, then the next. Four tables
// or eight, and alike, so that threads get as much.
template <typename T>
void scale_wide(const Operands<T>& t, const T* gamma, float alpha, int64_t rows, int64_t dim) {
  const Isa chosen = isa();
  const int64_t in_fours = (dim + 4 * kMostFactors - 1) / (4 * kMostFactors) * 4;
  const int64_t steps = (dim + kScaleStep - 1) / kScaleStep;
  const int64_t width = (steps + in_fours - 1) / in_fours * kScaleStep;
  const int64_t tables = (dim + width - 1) / width;
  const int64_t grain = std::max<int64_t>(1, (kGrain + width * rows / 2) / (width * rows));
  parallel_for(tables, grain, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * width; i < std::min(dim, end * width); i += width) {
      const int64_t count = std::min(width, dim - i);
      const FactorTable<T, kMostFactors> table(chosen, gamma + i, alpha, count, t.y + i);
      for (int64_t r = 0; r < rows; ++r) {
        t.scale(chosen, table.factors, table.period, 0, r * dim + i, count);
      }
    }
    order_stores(t.stores);
  });
}

template <typename T>
[[gnu::noinline]] void scale_much(T* y, const T* residual, const T* x, const T* gamma, float alpha,
                                  int64_t rows, int64_t dim) {
  const int64_t numel = rows * dim;
  const int64_t tensors = residual == nullptr ? 2 : 3;
  const Stores stores = stores_for(tensors * numel * static_cast<int64_t>(sizeof(T)),
                                   /*in_place=*/y == x || y == residual);
  const Operands<T> t = {y, residual, x, stores};
  const Isa chosen = isa();
  if (is_table(alpha, dim, y, gamma)) {
    return parallel_for(numel, kGrain, kUnit, [&](int64_t begin, int64_t end) {
      scale_some(t, chosen, reinterpret_cast<const float*>(gamma), dim, begin, end);
    });
  }
  if (dim > kMostFactors) return scale_wide(t, gamma, alpha, rows, dim);
  // A table for each thread: the caller's would be dirty in the caller's cache, from which the
  // others would fetch it line by line.
  parallel_for(numel, kGrain, kUnit, [&](int64_t begin, int64_t end) {
    const FactorTable<T, kMostFactors> table(chosen, gamma, alpha, dim, y);
    scale_some(t, chosen, table.factors, table.period, begin, end);
  });
}

template <typename T>
void scale(T* y, const T* residual, const T* x, const T* gamma, float alpha, int64_t rows,
           int64_t dim) {
  const int64_t numel = rows * dim;
  if (numel == 0) return;
  if (numel >= 2 * kGrain || !is_table(alpha, dim, y, gamma)) {
    return scale_much(y, residual, x, gamma, alpha, rows, dim);
  }
  // One thread's, and so little that it would show what it takes to share it.
  visit_isa(isa(), [&]<Isa kIsa>() {
    scale_flat<kIsa>(y, residual, x, reinterpret_cast<const float*>(gamma), dim, 0, numel,
                     Stores::kCached);
  });
}

// The same of operands that lie in runs (kernels/runs.h).
template <typename T, int kOperands>
void scale(T* y, const T* residual, const T* x, const T* gamma, float alpha,
           const Strided<kOperands>& runs, int64_t dim) {
  // What is stored around the caches has a head and a tail in every run.
  constexpr int64_t kLongRun = 512;  // bytes
  constexpr int64_t kItem = sizeof(T);
  const int64_t bytes = kOperands * runs.numel * kItem;
  const Stores stores = runs.size[runs.rank - 1] * kItem < kLongRun
                            ? Stores::kCached
                            : stores_for(bytes, /*in_place=*/y == x || y == residual);
  if (dim > kMostFactors) {
    return for_each_row(runs, 0, runs.numel, [&](const Row<kOperands>& row) {
      const Operands<T> t = {y + row.first[0], kOperands == 3 ? residual + row.first[1] : nullptr,
                             x + row.first[kOperands - 1], stores};
      scale_wide(t, gamma, alpha, row.count / dim, dim);
    });
  }
  const Isa chosen = isa();
  const bool in_caches = bytes <= kLeavesTheCaches;
  parallel_for(runs.numel, kGrain, kUnit, [&](int64_t begin, int64_t end) {
    const FactorTable<T, kMostFactors> table(chosen, gamma, alpha, dim, y);
    visit_isa(chosen, [&]<Isa kIsa>() {
      scale_runs<kIsa>(y, residual, x, runs, begin, end, table.factors, table.period, dim,
                       in_caches, stores);
    });
    order_stores(stores);
  });
}

}  // namespace

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim) {
  scale<T>(y, nullptr, x, gamma, 1, rows, dim);
}

template <typename T>
void layer_scale_add(Cpu, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     int64_t rows, int64_t dim) {
  scale(y, residual, x, gamma, alpha, rows, dim);
}

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, const Strided<2>& runs, int64_t dim) {
  scale<T>(y, nullptr, x, gamma, 1, runs, dim);
}

template <typename T>
void layer_scale_add(Cpu, T* y, const T* residual, const T* x, const T* gamma, float alpha,
                     const Strided<3>& runs, int64_t dim) {
  scale(y, residual, x, gamma, alpha, runs, dim);
}

template <typename T>
void layer_scale_index_add(Cpu, T* y, const T* x, const T* gamma, float alpha,
                           const SamplePairs& pairs, int64_t rows, int64_t dim) {
  const int64_t size = rows * dim;
  if (size == 0) return;
  const auto sample = [&](int64_t pair) {
    T* const to = y + pairs.of_y(pair) * size;
    return Operands<T>{to, to, x + pairs.of_x(pair) * size, Stores::kCached};
  };
  if (dim > kMostFactors) {
    for (int64_t pair = 0; pair < pairs.count; ++pair) {
      scale_wide(sample(pair), gamma, alpha, rows, dim);
    }
    return;
  }
  const Isa chosen = isa();
  parallel_for(pairs.count * size, kGrain, kUnit, [&](int64_t begin, int64_t end) {
    const FactorTable<T, kMostFactors> table(chosen, gamma, alpha, dim, y);
    while (begin < end) {
      const int64_t at = begin % size;
      const int64_t count = std::min(end - begin, size - at);
      sample(begin / size).scale(chosen, table.factors, table.period, at % table.period, at, count);
      begin += count;
    }
  });
}

#define LAYER_SCALE(T)                                                                           \
  template void layer_scale(Cpu, T*, const T*, const T*, int64_t, int64_t);                      \
  template void layer_scale_add(Cpu, T*, const T*, const T*, const T*, float, int64_t, int64_t); \
  template void layer_scale(Cpu, T*, const T*, const T*, const Strided<2>&, int64_t);            \
  template void layer_scale_add(Cpu, T*, const T*, const T*, const T*, float, const Strided<3>&, \
                                int64_t);                                                        \
  template void layer_scale_index_add(Cpu, T*, const T*, const T*, float, const SamplePairs&,    \
                                      int64_t, int64_t);
HOLLOW_F32_FLOATS(LAYER_SCALE)

}  // namespace hollow::kernels
