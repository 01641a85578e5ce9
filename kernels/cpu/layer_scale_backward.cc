#include "kernels/layer_scale_backward.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/factor_table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/strategy.h"
#include "kernels/dtypes.h"
#include "kernels/memory.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

// Channels that are worked on at once: their factors and sums are 64 KiB, on the stack.
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

using Factors = FactorTable<kTile>;

template <typename T>
struct Backward {
  T* grad_x;
  const T* grad_y;
  const T* x;
  const T* gamma;
  float alpha;
  SamplePairs pairs;
  int64_t rows;  // of a sample
  int64_t dim;
  bool in_caches;  // by the shape alone, as the sums' order depends on it
  Stores stores;
  Isa isa;

  // Of channels [first, first + width).
  Factors factors(int64_t first, int64_t width) const {
    const int64_t numel = pairs.count * rows * width;
    return Factors(isa, gamma + first, alpha, width, std::clamp(numel, kScaleStep, kLongPeriod));
  }

  // Channels [first, first + width) of rows [begin, end) of all: the sums, and grad_x.
  void group(int64_t begin, int64_t end, int64_t first, int64_t width, const Factors& table,
             float* sums) const {
    const bool whole_rows = width == dim;
    alignas(64) float parts[kTile + kScaleStep];
    std::fill_n(parts, table.period + kScaleStep, 0.0f);
    while (begin < end) {
      const int64_t pair = begin / rows, row = begin % rows;
      const int64_t count = whole_rows ? std::min(end - begin, rows - row) : 1;
      const int64_t at_x = (pairs.of_x(pair) * rows + row) * dim + first;
      const int64_t at_y = (pairs.of_y(pair) * rows + row) * dim + first;
      const Stores here = on_a_line(grad_x + at_x) ? stores : Stores::kCached;
      visit_isa(isa, [&]<Isa kIsa>() {
        scale_backward<kIsa>(grad_x + at_x, grad_y + at_y, x + at_x, table.factors, parts,
                             table.period, count * width, in_caches, here);
      });
      begin += count;
    }
    for (int64_t i = 0; i < kScaleStep; ++i) parts[i] += parts[table.period + i];
    std::copy_n(parts, width, sums);
    for (int64_t i = width; i < table.period; ++i) sums[i % width] += parts[i];
  }
};

// Those of all groups. From the kernels' own allocator, since malloc takes as long as a small
// tensor.
struct Sums {
  explicit Sums(int64_t count)
      : bytes(static_cast<size_t>(count) * sizeof(float)),
        data(static_cast<float*>(allocate(Cpu{}, bytes).memory)) {}
  ~Sums() { deallocate(Cpu{}, data, bytes); }
  Sums(const Sums&) = delete;
  Sums& operator=(const Sums&) = delete;

  const size_t bytes;
  float* const data;
};

// grad_gamma[c] = alpha times the sum over all groups, for begin <= c < end.
template <typename T>
void reduce(T* grad_gamma, const float* sums, int64_t groups, float alpha, int64_t dim,
            int64_t begin, int64_t end) {
  if (groups == 1) {  // as below: a product of two floats is exact in f64
    for (int64_t c = begin; c < end; ++c) grad_gamma[c] = T(alpha * sums[c]);
    return;
  }
  constexpr int64_t kBlock = 256;
  for (int64_t first = begin; first < end; first += kBlock) {
    const int64_t width = std::min(kBlock, end - first);
    double total[kBlock] = {};
    for (int64_t group = 0; group < groups; ++group) {
      const float* const of_group = sums + group * dim + first;
      for (int64_t c = 0; c < width; ++c) total[c] += static_cast<double>(of_group[c]);
    }
    for (int64_t c = 0; c < width; ++c) {
      grad_gamma[first + c] = T(static_cast<float>(static_cast<double>(alpha) * total[c]));
    }
  }
}

}  // namespace

template <typename T>
void layer_scale_backward(Cpu, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                          const T* gamma, Compute<T> alpha, const SamplePairs& pairs, int64_t rows,
                          int64_t dim) {
  const int64_t all_rows = pairs.count * rows;
  if (dim == 0) return;
  if (all_rows == 0) {
    std::fill_n(grad_gamma, dim, T(0.0f));
    return;
  }
  const Groups groups(all_rows, dim);
  const int64_t bytes = 3 * all_rows * dim * static_cast<int64_t>(sizeof(T));
  const bool in_place = grad_x == grad_y || grad_x == x;
  const Backward<T> backward = {.grad_x = grad_x,
                                .grad_y = grad_y,
                                .x = x,
                                .gamma = gamma,
                                .alpha = alpha,
                                .pairs = pairs,
                                .rows = rows,
                                .dim = dim,
                                .in_caches = bytes <= kLeavesTheCaches,
                                .stores = stores_for(bytes, in_place),
                                .isa = isa()};
  const Sums sums(groups.count * dim);
  // Of one group, a tile of the channels.
  const auto group = [&](int64_t index, int64_t first, const Factors& table) {
    backward.group(index * groups.rows, std::min(all_rows, (index + 1) * groups.rows), first,
                   std::min(kTile, dim - first), table, sums.data + index * dim + first);
  };
  const int64_t grain = std::max<int64_t>(1, kGrain / (groups.rows * std::min(dim, kTile)));
  if (dim <= kTile) {
    const Factors table = backward.factors(0, dim);
    parallel_for(groups.count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) group(i, 0, table);
    });
  } else {
    const int64_t tiles = (dim + kTile - 1) / kTile;
    parallel_for(groups.count * tiles, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t first = task % tiles * kTile;
        group(task / tiles, first, backward.factors(first, std::min(kTile, dim - first)));
      }
    });
  }
  parallel_for(dim, std::max<int64_t>(1, kGrain / groups.count), [&](int64_t begin, int64_t end) {
    reduce(grad_gamma, sums.data, groups.count, alpha, dim, begin, end);
  });
}

#define LAYER_SCALE_BACKWARD(T)                                                        \
  template void layer_scale_backward(Cpu, T*, T*, const T*, const T*, const T*, float, \
                                     const SamplePairs&, int64_t, int64_t);
HOLLOW_F32_FLOATS(LAYER_SCALE_BACKWARD)

}  // namespace hollow::kernels
