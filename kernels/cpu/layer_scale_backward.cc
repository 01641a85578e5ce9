#include "kernels/layer_scale_backward.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/factor_table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/strategy.h"
#include "kernels/cpu/table_order.h"
#include "kernels/dtypes.h"
#include "kernels/memory.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

// Channels that are worked on at once: their factors and sums are 64 KiB, on the stack, and twice
// that of bf16, where an odd number of them comes in two periods.
constexpr int64_t kTile = 1 << 13;

// A period of a table: long enough that no step waits for the sums of the one before.
constexpr int64_t kLongPeriod = 256;

// How the sum is cut, by the shape alone: into groups of as many rows, which begin at whole lines
// of a contiguous tensor. Some 2^16 elements, more where there are many of them; and four groups,
// or eight, or twelve, so that threads get as much, but one where that is not worth a thread.
struct Groups {
  Groups(int64_t all_rows, int64_t dim) {
    constexpr int64_t kElements = 1 << 16;
    constexpr int64_t kMostElements = 1 << 20;
    constexpr int64_t kFewRows = 32;
    const int64_t numel = all_rows * dim;
    const int64_t elements =
        std::max(std::clamp(numel / 64, kElements, kMostElements), numel / 1024);
    const int64_t wanted = all_rows / std::max(elements / dim, kFewRows);
    const int64_t unit = kScaleStep / std::gcd(kScaleStep, dim);
    const int64_t in_fours = std::max<int64_t>(4, (wanted + 3) / 4 * 4);
    const int64_t least = all_rows / (numel < 4 * kGrain ? 1 : in_fours) + 1;
    rows = (least + unit - 1) / unit * unit;
    count = (all_rows + rows - 1) / rows;
  }

  int64_t rows;  // of a group
  int64_t count;
};

// A tile of the channels. Tables of its factors and of its sums have the same period.
template <typename T>
struct Tile {
  using Factors = FactorTable<T, kTile>;

  Tile(int64_t index, int64_t all_rows, int64_t dim)
      : first(index * kTile),
        width(std::min(kTile, dim - first)),
        at_least(std::clamp(all_rows * width, kScaleStep, kLongPeriod)),
        period(Factors::period_of(width, at_least)) {}

  const int64_t first;
  const int64_t width;
  const int64_t at_least;
  const int64_t period;
};

// Those of all groups: for each, and each tile of the channels, a table in T's order. From the
// kernels' own allocator, since malloc takes as long as a small tensor.
struct Sums {
  Sums(int64_t groups_, int64_t tiles_, int64_t most)
      : groups(groups_),
        tiles(tiles_),
        size((most + kScaleStep + kLine - 1) / kLine * kLine),
        bytes(static_cast<size_t>(groups * tiles * size) * sizeof(float)),
        data(static_cast<float*>(allocate(Cpu{}, bytes).memory)) {}
  ~Sums() { deallocate(Cpu{}, data, bytes); }
  Sums(const Sums&) = delete;
  Sums& operator=(const Sums&) = delete;

  float* table(int64_t group, int64_t tile) const { return data + (group * tiles + tile) * size; }

  static constexpr int64_t kLine = 64 / sizeof(float);
  const int64_t groups;
  const int64_t tiles;
  const int64_t size;  // of a table, in whole lines
  const size_t bytes;
  float* const data;
};

template <typename T>
struct Backward {
  T* grad_x;
  const T* grad_y;
  const T* x;
  const T* gamma;
  float alpha;
  const Strided<3>* runs;  // of grad_x, grad_y and x; or null, where they are contiguous
  SamplePairs pairs;
  int64_t rows;  // of a sample
  int64_t dim;
  bool in_caches;  // by the shape alone, as the sums' order depends on it
  Stores stores;
  Isa isa;

  using Factors = typename Tile<T>::Factors;

  Tile<T> tile(int64_t index) const { return {index, pairs.count * rows, dim}; }
  Factors factors(const Tile<T>& tile) const {
    return {isa, gamma + tile.first, alpha, tile.width, tile.at_least};
  }

  // Rows [begin, end) of all, in that tile: grad_x, and the table of the sums. These are made on
  // this thread's stack, since another one may just have read the table, unless the group is alone.
  void group(int64_t begin, int64_t end, const Tile<T>& tile, const Factors& factors, bool is_alone,
             float* table) const {
    const bool whole_rows = tile.width == dim;
    alignas(64) float own[Factors::kSize];
    float* const sums = is_alone ? table : own;
    std::fill_n(sums, tile.period + kScaleStep, 0.0f);
    while (begin < end) {
      const int64_t pair = begin / rows, row = begin % rows;
      const int64_t count = whole_rows ? std::min(end - begin, rows - row) : 1;
      const int64_t at_x = (pairs.of_x(pair) * rows + row) * dim + tile.first;
      const int64_t at_y = (pairs.of_y(pair) * rows + row) * dim + tile.first;
      visit_isa(isa, [&]<Isa kIsa>() {
        if (runs != nullptr) {
          return scale_backward<kIsa>(grad_x, grad_y, x, *runs, at_x, factors.factors, sums,
                                      tile.period, count * tile.width, in_caches, stores);
        }
        const Stores here = on_a_line(grad_x + at_x) ? stores : Stores::kCached;
        scale_backward<kIsa>(grad_x + at_x, grad_y + at_y, x + at_x, factors.factors, sums,
                             tile.period, count * tile.width, in_caches, here);
      });
      begin += count;
    }
    add(sums, tile.period, tile.period, kScaleStep);
    for (int64_t i = tile.width; i < tile.period; i += tile.width) {
      add(sums, tile.period, i, tile.width);
    }
    if (!is_alone) std::copy_n(sums, tile.period + kScaleStep, table);
  }

  // Numbers [from, from + count) of that table to the first `count`.
  static void add(float* sums, int64_t period, int64_t from, int64_t count) {
    for (int64_t kind = 0; kind < kKinds<T>; ++kind) {
      float* const to = sums + place<T>(kind, period);
      const float* const parts = sums + place<T>(from + kind, period);
      for (int64_t i = 0; kind + i * kKinds<T> < count; ++i) to[i] += parts[i];
    }
  }

  // grad_gamma[c] for begin <= c < end, of which `begin` is even.
  void reduce(T* grad_gamma, const Sums& sums, int64_t begin, int64_t end) const {
    while (begin < end) {
      const int64_t index = begin / kTile;
      const Tile<T> here = tile(index);
      const int64_t count = std::min(end, here.first + here.width) - begin;
      visit_isa(isa, [&]<Isa kIsa>() {
        sum_groups<kIsa>(grad_gamma + begin, sums.table(0, index), here.period, begin - here.first,
                         count, sums.groups, sums.tiles * sums.size, alpha);
      });
      begin += count;
    }
  }
};

// Whether all of grad_x's runs are whole steps, each at lines of its own.
template <typename T>
bool are_steps(const T* grad_x, const Strided<3>& runs, int64_t dim) {
  bool are = dim % kScaleStep == 0 && on_a_line(grad_x);
  for (int d = 0; d + 1 < runs.rank; ++d) are &= on_a_line(grad_x + runs.stride[0][d]);
  return are;
}

template <typename T>
void backward(T* grad_x, T* grad_gamma, const T* grad_y, const T* x, const T* gamma, float alpha,
              const Strided<3>* runs, const SamplePairs& pairs, int64_t rows, int64_t dim) {
  const int64_t all_rows = pairs.count * rows;
  if (dim == 0) return;
  if (all_rows == 0) {
    std::fill_n(grad_gamma, dim, T(0.0f));
    return;
  }
  const Groups groups(all_rows, dim);
  const int64_t bytes = 3 * all_rows * dim * static_cast<int64_t>(sizeof(T));
  const bool in_place = grad_x == grad_y || grad_x == x;
  const bool in_steps = runs == nullptr || are_steps(grad_x, *runs, dim);
  const Backward<T> t = {.grad_x = grad_x,
                         .grad_y = grad_y,
                         .x = x,
                         .gamma = gamma,
                         .alpha = alpha,
                         .runs = runs,
                         .pairs = pairs,
                         .rows = rows,
                         .dim = dim,
                         .in_caches = bytes <= kLeavesTheCaches,
                         .stores = in_steps ? stores_for(bytes, in_place) : Stores::kCached,
                         .isa = isa()};
  const int64_t tiles = (dim + kTile - 1) / kTile;
  const Sums sums(groups.count, tiles, std::max(t.tile(0).period, t.tile(tiles - 1).period));
  const auto group = [&](int64_t index, int64_t tile, const auto& factors) {
    t.group(index * groups.rows, std::min(all_rows, (index + 1) * groups.rows), t.tile(tile),
            factors, groups.count == 1, sums.table(index, tile));
  };
  const int64_t grain = std::max<int64_t>(1, kGrain / (groups.rows * std::min(dim, kTile)));
  if (tiles == 1) {
    parallel_for(groups.count, grain, [&](int64_t begin, int64_t end) {
      const auto factors = t.factors(t.tile(0));
      for (int64_t i = begin; i < end; ++i) group(i, 0, factors);
      order_stores(t.stores);
    });
  } else {
    parallel_for(groups.count * tiles, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t tile = task % tiles;
        group(task / tiles, tile, t.factors(t.tile(tile)));
      }
      order_stores(t.stores);
    });
  }
  const int64_t channels = std::max<int64_t>(1, kGrain / kScaleStep / groups.count) * kScaleStep;
  parallel_for(dim, channels,
               [&](int64_t begin, int64_t end) { t.reduce(grad_gamma, sums, begin, end); });
}

}  // namespace

template <typename T>
void layer_scale_backward(Cpu, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const SamplePairs& pairs, int64_t rows,
                          int64_t dim) {
  backward(grad_x, grad_gamma, grad_y, x, gamma, alpha, nullptr, pairs, rows, dim);
}

template <typename T>
void layer_scale_backward(Cpu, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const Strided<3>& runs, int64_t dim) {
  const int64_t rows = dim == 0 ? 0 : runs.numel / dim;
  backward(grad_x, grad_gamma, grad_y, x, gamma, alpha, &runs, {}, rows, dim);
}

#define LAYER_SCALE_BACKWARD(T)                                                        \
  template void layer_scale_backward(Cpu, T*, T*, const T*, const T*, const T*, float, \
                                     const SamplePairs&, int64_t, int64_t);            \
  template void layer_scale_backward(Cpu, T*, T*, const T*, const T*, const T*, float, \
                                     const Strided<3>&, int64_t);
HOLLOW_F32_FLOATS(LAYER_SCALE_BACKWARD)

}  // namespace hollow::kernels
