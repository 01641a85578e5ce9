// How the work of LayerScale's gradients (kernels/layer_scale_backward.h) is cut for threads.
#ifndef HOLLOW_KERNELS_CPU_BACKWARD_CUT_H_
#define HOLLOW_KERNELS_CPU_BACKWARD_CUT_H_

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/strategy.h"

namespace hollow::kernels {

// The most channels that are worked on at once: their factors and sums are 64 KiB, on the stack,
// and twice that of bf16, where an odd number of them comes in two periods.
inline constexpr int64_t kMostChannels = 1 << 13;

// Groups of rows by tiles of channels, from the shape and T's size alone, as the order of the sums
// is. What is worth two threads is cut into four groups, or eight, or twelve, so that threads get
// as much: of some 2^16 elements, more where there are many of them, and fewer where there would
// not be four. A group costs a table of sums, for which few rows do not pay: they are cut between
// channels, or where these are few too into two groups. Rows that are longer than a table are
// always in tiles, and of few of them these are fours.
class BackwardCut {
 public:
  BackwardCut(int64_t rows, int64_t dim, int64_t item_size)
      : rows_(rows), dim_(dim), tiles_((dim + kMostChannels - 1) / kMostChannels) {
    if (rows * dim >= 2 * kGrain) cut_rows(item_size);
    if (tiles_ == 1) return;
    if (tiles_ > 2 && groups_ == 1) tiles_ = (tiles_ + 3) / 4 * 4;
    const int64_t steps = (dim + kScaleStep - 1) / kScaleStep;
    width_ = (steps + tiles_ - 1) / tiles_ * kScaleStep;
    tiles_ = (dim + width_ - 1) / width_;
  }

  int64_t groups() const { return groups_; }
  // The first row of a group; of the one behind the last, all rows. It begins a line of a
  // contiguous tensor, unless one group would get a quarter more than its part by that.
  int64_t row(int64_t group) const {
    if (group == 0) return 0;
    if (group == groups_) return rows_;
    const int64_t row = rows_ / groups_ * group + rows_ % groups_ * group / groups_;
    return (row + unit_ / 2) / unit_ * unit_;
  }

  int64_t tiles() const { return tiles_; }
  // The first channel of a tile, which begins a step; of the one behind the last, all channels.
  int64_t channel(int64_t tile) const { return std::min(dim_, tile * width_); }
  int64_t tile_of(int64_t channel) const { return tiles_ == 1 ? 0 : channel / width_; }

 private:
  void cut_rows(int64_t item_size) {
    constexpr int64_t kElements = 1 << 16, kMostElements = 1 << 20;
    constexpr int64_t kFewRows = 48;
    constexpr int64_t kPart = 4096, kLine = 64;  // bytes
    const int64_t numel = rows_ * dim_;
    if (rows_ >= kFewRows) {
      const int64_t elements =
          std::max(std::clamp(numel / 64, kElements, kMostElements), numel / 1024);
      const int64_t wanted = rows_ / std::max(elements / dim_, kFewRows);
      groups_ = std::max<int64_t>(4, (wanted + 3) / 4 * 4);
    } else {
      const int64_t wanted = std::min<int64_t>(4, dim_ * item_size / kPart);
      if (wanted < 2 && rows_ >= kFewRows / 2) groups_ = 2;
      tiles_ = std::max(tiles_, wanted);
    }
    unit_ = kLine / std::gcd(kLine, dim_ * item_size);
    if (!are_alike()) unit_ = 1;
  }

  bool are_alike() const {
    const int64_t most = rows_ / groups_ * 5 / 4;
    for (int64_t group = 0; group < groups_; ++group) {
      if (row(group + 1) - row(group) > most) return false;
    }
    return true;
  }

  int64_t rows_;
  int64_t dim_;
  int64_t groups_ = 1;
  int64_t unit_ = 1;  // rows
  int64_t tiles_;
  int64_t width_ = kMostChannels;  // of all tiles but the last
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_BACKWARD_CUT_H_
