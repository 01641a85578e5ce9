#include "kernels/layer_scale_backward.h"

#include <algorithm>
#include <cstddef>

#include "kernels/cpu/backward_cut.h"
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

// A period of a table: long enough that no step waits for the sums of the one before.
constexpr int64_t kLongPeriod = 256;

// A tile of the channels. Tables of its factors and of its sums have the same period.
template <typename T>
struct Tile {
  using Factors = FactorTable<T, kMostChannels>;

  Tile(const BackwardCut& cut, int64_t index, int64_t rows)
      : first(cut.channel(index)),
        width(cut.channel(index + 1) - first),
        at_least(std::clamp(rows * width, kScaleStep, kLongPeriod)),
        period(Factors::period_of(width, at_least)) {}

  const int64_t first;
  const int64_t width;
  const int64_t at_least;
  const int64_t period;
};

// Those of all groups: for each, and each tile of the channels, a table in T's order. From the
// kernels' own allocator, since malloc takes as long as a small tensor.
struct Sums {
  Sums(const BackwardCut& cut, int64_t most)
      : tiles(cut.tiles()),
        size((most + kScaleStep + kFloats - 1) / kFloats * kFloats),
        bytes(static_cast<size_t>(cut.groups() * tiles * size) * sizeof(float)),
        data(static_cast<float*>(allocate(Cpu{}, bytes).memory)) {}
  ~Sums() { deallocate(Cpu{}, data, bytes); }
  Sums(const Sums&) = delete;
  Sums& operator=(const Sums&) = delete;

  float* table(int64_t group, int64_t tile) const { return data + (group * tiles + tile) * size; }

  static constexpr int64_t kFloats = 64 / sizeof(float);
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
  BackwardCut cut;
  bool in_caches;  // by the shape alone, as the sums' order depends on it
  bool on_lines;   // all rows of grad_x are whole lines
  Stores stores;
  Isa isa;

  using Factors = typename Tile<T>::Factors;

  Tile<T> tile(int64_t index) const { return {cut, index, pairs.count * rows}; }
  Factors factors(const Tile<T>& tile) const {
    return {isa, gamma + tile.first, alpha, tile.width, nullptr, tile.at_least};
  }

  // A group's rows in that tile: grad_x, and the table of the sums. These are made on this thread's
  // stack, since another one may just have read the table, unless the group is alone.
  void group(int64_t index, const Tile<T>& tile, const Factors& factors, float* table) const {
    const bool is_alone = cut.groups() == 1;
    alignas(64) float own[Factors::kSize];
    float* const sums = is_alone ? table : own;
    std::fill_n(sums, tile.period + kScaleStep, 0.0f);
    if (tile.width == dim) {
      walk(index, tile, factors, sums, runs);
    } else {
      const Strided<3> parts = parts_of_rows(tile.width);
      walk(index, tile, factors, sums, &parts);
    }
    add(sums, tile.period, tile.period, kScaleStep);
    for (int64_t i = tile.width; i < tile.period; i += tile.width) {
      add(sums, tile.period, i, tile.width);
    }
    if (!is_alone) std::copy_n(sums, tile.period + kScaleStep, table);
  }

  // In the tile they lie in `those`, or are contiguous where that is null.
  void walk(int64_t index, const Tile<T>& tile, const Factors& factors, float* sums,
            const Strided<3>* those) const {
    for (int64_t begin = cut.row(index), end = cut.row(index + 1); begin < end;) {
      const int64_t pair = begin / rows, row = begin % rows;
      const int64_t count = std::min(end - begin, rows - row);
      const int64_t at_x = pairs.of_x(pair) * rows * dim + tile.first;
      const int64_t at_y = pairs.of_y(pair) * rows * dim + tile.first;
      const int64_t first = row * tile.width;
      visit_isa(isa, [&]<Isa kIsa>() {
        if (those != nullptr) {
          return scale_backward<kIsa>(grad_x + at_x, grad_y + at_y, x + at_x, *those, first,
                                      factors.factors, sums, tile.period, count * tile.width,
                                      in_caches, on_lines ? stores : Stores::kCached);
        }
        T* const to = grad_x + at_x + first;
        scale_backward<kIsa>(to, grad_y + at_y + first, x + at_x + first, factors.factors, sums,
                             tile.period, count * tile.width, in_caches,
                             on_a_line(to) ? stores : Stores::kCached);
      });
      begin += count;
    }
  }

  // As many of each row's channels, as an index of grad_x, grad_y and x.
  Strided<3> parts_of_rows(int64_t width) const {
    Strided<3> parts;
    if (runs != nullptr) parts = *runs;
    const int inner = runs == nullptr ? 0 : runs->rank - 1;
    const int64_t in_a_run = runs == nullptr ? rows : runs->size[inner] / dim;
    parts.rank = inner + 2;
    parts.size[inner] = in_a_run;
    parts.size[inner + 1] = width;
    for (auto& stride : parts.stride) stride[inner] = dim, stride[inner + 1] = 1;
    return parts;
  }

  // Numbers [from, from + count) of that table to the first `count`.
  static void add(float* sums, int64_t period, int64_t from, int64_t count) {
    for (int64_t kind = 0; kind < kKinds<T>; ++kind) {
      float* const to = sums + place<T>(kind, period);
      const float* const more = sums + place<T>(from + kind, period);
      for (int64_t i = 0; kind + i * kKinds<T> < count; ++i) to[i] += more[i];
    }
  }

  // grad_gamma[c] for begin <= c < end, of which `begin` is even.
  void reduce(T* grad_gamma, const Sums& sums, int64_t begin, int64_t end) const {
    while (begin < end) {
      const int64_t index = cut.tile_of(begin);
      const Tile<T> here = tile(index);
      const int64_t count = std::min(end, here.first + here.width) - begin;
      visit_isa(isa, [&]<Isa kIsa>() {
        sum_groups<kIsa>(grad_gamma + begin, sums.table(0, index), here.period, begin - here.first,
                         count, cut.groups(), sums.tiles * sums.size, alpha);
      });
      begin += count;
    }
  }
};

// Whether all of grad_x's rows are whole lines, and each run of them at lines of its own.
template <typename T>
bool are_lines(const T* grad_x, const Strided<3>* runs, int64_t dim) {
  bool are = on_a_line(grad_x) && on_a_line(grad_x + dim);
  for (int d = 0; runs != nullptr && d + 1 < runs->rank; ++d) {
    are &= on_a_line(grad_x + runs->stride[0][d]);
  }
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
  const int64_t bytes = 3 * all_rows * dim * static_cast<int64_t>(sizeof(T));
  const bool in_place = grad_x == grad_y || grad_x == x;
  const Backward<T> t = {.grad_x = grad_x,
                         .grad_y = grad_y,
                         .x = x,
                         .gamma = gamma,
                         .alpha = alpha,
                         .runs = runs,
                         .pairs = pairs,
                         .rows = rows,
                         .dim = dim,
                         .cut = BackwardCut(all_rows, dim, sizeof(T)),
                         .in_caches = bytes <= kLeavesTheCaches,
                         .on_lines = are_lines(grad_x, runs, dim),
                         .stores = stores_for(bytes, in_place),
                         .isa = isa()};
  const int64_t tiles = t.cut.tiles();
  const int64_t tasks = t.cut.groups() * tiles;
  const Sums sums(t.cut, std::max(t.tile(0).period, t.tile(tiles - 1).period));
  const int64_t size = std::max<int64_t>(1, all_rows * dim / tasks);
  const int64_t grain = std::max<int64_t>(1, (kGrain + size / 2) / size);
  parallel_for(tasks, grain, 1, [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t index = begin / t.cut.groups();
      const int64_t last = std::min(end, (index + 1) * t.cut.groups());
      const Tile<T> tile = t.tile(index);
      const auto factors = t.factors(tile);
      for (; begin < last; ++begin) {
        const int64_t group = begin - index * t.cut.groups();
        t.group(group, tile, factors, sums.table(group, index));
      }
    }
    order_stores(t.stores);
  });
  const int64_t channels = std::max(kScaleStep, kGrain / t.cut.groups());
  parallel_for(dim, channels, kScaleStep,
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
