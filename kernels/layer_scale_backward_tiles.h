// Which elements of a LayerScale's backward (kernels/layer_scale_backward.h) belong to which thread
// of a device's grid, and in which order the terms of a column are added.
//
// A sample is taken as one flat array of spans. A span is a number of the widest vectors, 16 bytes,
// that hold a whole number of rows, so what is a span apart is of one channel. A block of threads
// has 64 vectors' places of a span, 4 lanes of threads for each, and walks over the spans of its
// group; lane i takes the group's spans i, i + 4, ... of each pair. A group is a part of one
// sample's spans, or all of those of several pairs.
//
//   sum of a thread:   its terms, one after the other, in f32
//   sum of a group:    those of its 4 lanes, in f32: one row of `partial`
//   sum of a column:   partial[groups * width / dim, dim], by column, in f64
//   (kernels/column_sums.h)
//
// What is a group follows from (pairs, rows, dim, T): from nothing that is found out at run time,
// neither the device's size nor addresses. Where those make accesses narrower than 16 bytes, a
// block has fewer elements of each span and the grid more blocks, and all sums stay as they are.
#ifndef HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_TILES_H_
#define HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_TILES_H_

#include <algorithm>
#include <cstdint>

#include "kernels/hd.h"
#include "kernels/layer_scale_tiles.h"

namespace hollow::kernels {

struct BackwardTiles {
  static constexpr uint32_t kPlaces = 64;
  static constexpr uint32_t kLanes = 4;
  static constexpr uint32_t kThreads = kPlaces * kLanes;
  static constexpr int kBlocksAnSm = 3;

  // Spans a thread has in flight, of two operands.
  HOLLOW_HD static constexpr int steps_of(int bytes) { return bytes >= 8 ? 4 : 6; }

  // Requires sample_numel > 0, a multiple of row, and pairs > 0. At most `launch` pairs are of one
  // grid. A vector of 16 bytes has `widest` elements, an access `elements`.
  BackwardTiles(int64_t sample_numel, int64_t row, int widest, int elements, int64_t pairs,
                int64_t launch)
      : numel(sample_numel), dim(row), count(elements) {
    const int64_t vectors = span_in_vectors(period_in_vectors(dim, widest));
    span = vectors * widest;
    width = std::min(span, numel);
    blocks = static_cast<uint32_t>(divide_up(divide_up(width, count), kPlaces));

    full_spans = numel / span;
    const int64_t spans = divide_up(numel, span);
    const int64_t together = std::min(pairs, launch);
    const int64_t columns = divide_up(divide_up(width, widest), kPlaces);
    const int64_t groups = std::max<int64_t>(1, kBlocks / columns);
    const int64_t joined = divide_up(together, groups);
    int64_t wanted = joined == 1 ? groups / together : 1;
    // Where no such number comes near kBlocks, four times as many make the last ones matter less.
    const int64_t all = wanted * divide_up(together, joined) * columns;
    if (4 * all < 3 * kBlocks || (all > kBlocks && all < 4 * kBlocks)) {
      wanted = divide_up(4 * kBlocks, together * columns);
    }
    wanted = std::min(wanted, divide_up(spans, kFewestSpans));
    wanted = std::max({wanted, divide_up(spans, kMostSpans), int64_t{1}});
    spans_a_part = divide_up(spans, std::min(wanted, kMostParts));
    // What does not fill a turn of all lanes is done one by one.
    constexpr int64_t kTurn = kLanes * steps_of(16);
    if (spans_a_part >= 8 * kTurn) spans_a_part = divide_up(spans_a_part, kTurn) * kTurn;
    parts = static_cast<uint32_t>(divide_up(spans, spans_a_part));
    if (parts == 1) {
      const int64_t most = std::max<int64_t>(1, kMostSpans / spans);
      const int64_t least = std::max(joined, divide_up(kFewestSpans, spans));
      pairs_a_group = static_cast<uint32_t>(std::min({least, most, together}));
    }
  }

  // A grid for `pairs` of them: x counts blocks of a span, y parts of a sample, z groups of pairs.
  int64_t pair_groups(int64_t pairs) const { return divide_up(pairs, pairs_a_group); }
  int64_t groups(int64_t pairs) const { return pair_groups(pairs) * parts; }

  // In the span, in elements, where this thread's begin; from `width` on it has none.
  HOLLOW_HD int64_t place(uint32_t block, uint32_t thread) const {
    return (int64_t{block} * kPlaces + thread % kPlaces) * count;
  }

  // Of each of its samples it has the vectors at first(), first() + step(), ... below end(): this
  // many that are whole, and perhaps one that end() cuts short.
  HOLLOW_HD int wholes(uint32_t part, uint32_t thread, int64_t place_in_span) const {
    const int64_t here = full_spans + (place_in_span + count <= numel - full_spans * span ? 1 : 0);
    const int64_t in_part = (part + 1) * spans_a_part;
    const int64_t begin = part * spans_a_part + thread / kPlaces;
    const int64_t spans = (here < in_part ? here : in_part) - begin;
    return spans <= 0 ? 0 : static_cast<int>((spans + kLanes - 1) / kLanes);
  }
  HOLLOW_HD int64_t first(uint32_t part, uint32_t thread, int64_t place_in_span) const {
    return (part * spans_a_part + thread / kPlaces) * span + place_in_span;
  }
  HOLLOW_HD int64_t step() const { return kLanes * span; }
  HOLLOW_HD int64_t end(uint32_t part) const {
    const int64_t end_of_part = (part + 1) * spans_a_part * span;
    return end_of_part < numel ? end_of_part : numel;
  }

  HOLLOW_HD int64_t channel(int64_t place_in_span) const {
    if (span <= int64_t{UINT32_MAX}) {
      return static_cast<uint32_t>(place_in_span) % static_cast<uint32_t>(dim);
    }
    // Then a span is one period, at most `widest` rows.
    while (place_in_span >= dim) place_in_span -= dim;
    return place_in_span;
  }

  int64_t numel;  // of a sample
  int64_t dim;
  int64_t span;   // in elements
  int64_t width;  // what there is of the first span, and so of a row of `partial`; whole rows
  int64_t full_spans;
  int64_t spans_a_part;
  int count;        // elements an access
  uint32_t parts;   // a sample
  uint32_t blocks;  // a span
  uint32_t pairs_a_group = 1;

 private:
  // Three blocks on each of an H100's SMs, all of them at once: 96 KiB of reads in flight an SM. A
  // device with fewer SMs has room for them too (108 SMs: four), and then shares its bandwidth
  // between blocks, not SMs.
  static constexpr int64_t kBlocks = kBlocksAnSm * 132;
  static constexpr int64_t kFewestSpans = kLanes;
  static constexpr int64_t kMostSpans = 2048 * kLanes;  // f32 sums of more terms lose too much
  static constexpr int64_t kMostParts = 65535;          // of a grid's second dimension
  static constexpr int64_t kWide = 1 << 13;

  // Periods until few places of the last block are left over and a span is whole cache lines.
  static int64_t span_in_vectors(int64_t period) {
    int64_t vectors = period;
    while (vectors < kWide) {
      const int64_t idle = divide_up(vectors, kPlaces) * kPlaces - vectors;
      if (vectors % (kLineBytes / 16) == 0 && idle * 16 <= vectors) break;
      vectors += period;
    }
    return vectors;
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_LAYER_SCALE_BACKWARD_TILES_H_
