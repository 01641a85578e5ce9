// The grids of a device's LayerScale backward, walked on the host: where its threads read and
// write, what, and in which order they add.

#include "kernels/layer_scale_backward_tiles.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/column_sums.h"
#include "kernels/layer_scale_backward_thread.h"
#include "kernels/sample_pair_table.h"
#include "kernels/scalar.h"
#include "kernels/vector.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kMost = SamplePairTable::kMost;
constexpr uint32_t kThreads = BackwardTiles::kThreads;

struct Shape {
  int64_t pairs;
  int64_t rows;
  int64_t dim;
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> shapes = {
      {1, 1, 1},     {1, 1, 3},     {1, 5, 7},     {1, 1000, 1},  {1, 257, 384}, {1, 131, 385},
      {1, 3, 5000},  {1, 2, 70001}, {1, 90001, 1}, {1, 9001, 31}, {2, 1, 1},     {3, 17, 64},
      {5, 131, 385}, {241, 1, 3},   {300, 3, 100}, {500, 10, 7},  {64, 300, 96}, {1, 700, 2048}};
  return shapes;
}

struct Lists {
  std::vector<int64_t> y;
  std::vector<int64_t> x;
  SamplePairs pairs() const { return {static_cast<int64_t>(y.size()), y.data(), x.data()}; }
};

// Each of twice as many samples at most once.
Lists random_lists(int64_t count, std::mt19937_64& random) {
  Lists lists{std::vector<int64_t>(static_cast<size_t>(2 * count)), {}};
  std::iota(lists.y.begin(), lists.y.end(), 0);
  lists.x = lists.y;
  for (std::vector<int64_t>* list : {&lists.y, &lists.x}) {
    std::shuffle(list->begin(), list->end(), random);
    list->resize(static_cast<size_t>(count));
  }
  return lists;
}

TEST(BackwardTilesTest, EveryElementBelongsToOneThreadAndItsChannels) {
  for (const Shape& shape : shapes()) {
    for (const int widest : {4, 8}) {
      for (int count = 1; count <= widest; count *= 2) {
        const int64_t numel = shape.rows * shape.dim;
        const BackwardTiles tiles(numel, shape.dim, widest, count, shape.pairs, kMost);
        ASSERT_EQ(tiles.span % shape.dim, 0);
        int64_t wrong = 0;
        std::vector<char> seen(static_cast<size_t>(numel));
        for (uint32_t part = 0; part < tiles.parts; ++part) {
          for (uint32_t thread = 0; thread < tiles.blocks * kThreads; ++thread) {
            const int64_t place = tiles.place(thread / kThreads, thread % kThreads);
            if (place >= tiles.width) continue;
            const int64_t end = tiles.end(part);
            int wholes = 0;
            for (int64_t at = tiles.first(part, thread % kThreads, place); at < end;
                 at += tiles.step()) {
              wrong += at % count != 0 || at % shape.dim != tiles.channel(place) || end > numel;
              for (int64_t i = at; i < std::min(at + count, end); ++i) {
                ++seen[static_cast<size_t>(i)];
              }
              wholes += at + count <= end;
            }
            wrong += wholes != tiles.wholes(part, thread % kThreads, place);
          }
        }
        for (const char times : seen) wrong += times != 1;
        EXPECT_EQ(wrong, 0) << shape.pairs << " x " << shape.rows << " x " << shape.dim << ", "
                            << count << " of " << widest << " elements";
      }
    }
  }
}

// Grids of a launch hold every pair once and stay small; groups stay of a size for f32.
TEST(BackwardTilesTest, GroupsAreBounded) {
  const std::vector<Shape> large = {{1, int64_t{1} << 31, 1},
                                    {1, 16448, 1024},
                                    {1, 16448, 4096},
                                    {1, 1, (int64_t{1} << 33) + 1},
                                    {7, int64_t{1} << 24, 1024},
                                    {1000000, 1, 1},
                                    {240, 1000000, 385},
                                    {1, int64_t{1} << 38, 1},
                                    {100000, 10, 384}};
  for (const Shape& shape : large) {
    for (const int widest : {4, 8}) {
      for (const int count : {1, widest}) {
        const int64_t numel = shape.rows * shape.dim;
        const BackwardTiles tiles(numel, shape.dim, widest, count, shape.pairs, kMost);
        const int64_t spans = divide_up(numel, tiles.span);
        const int64_t launch = std::min(kMost, shape.pairs);
        ASSERT_EQ(tiles.span % shape.dim, 0);
        ASSERT_EQ(tiles.parts, divide_up(spans, tiles.spans_a_part));
        ASSERT_LE(tiles.parts, 65535u);
        ASSERT_LE(tiles.pair_groups(launch), 65535);
        ASSERT_GE(tiles.pair_groups(launch) * tiles.pairs_a_group, launch);
        ASSERT_TRUE(tiles.parts == 1 || tiles.pairs_a_group == 1);
        ASSERT_GE(int64_t{tiles.blocks} * 64 * count, tiles.width);
        ASSERT_EQ(tiles.width % shape.dim, 0);
        ASSERT_LE(tiles.width, numel);
        ASSERT_EQ(tiles.end(tiles.parts - 1), numel);
        const int64_t terms = tiles.spans_a_part * tiles.pairs_a_group;  // of all lanes
        ASSERT_LE(terms, int64_t{1} << 15);
        // The partial sums take a small part of what the operands do.
        const int64_t partial = tiles.groups(launch) * tiles.width;
        ASSERT_LE(partial, std::max(numel * launch / 8, widest * shape.dim + (1 << 21)));
        for (const int64_t place :
             {int64_t{0}, tiles.span / 2 / count * count, tiles.span - count}) {
          ASSERT_EQ(tiles.channel(place), place % shape.dim);
        }
      }
    }
  }
}

template <typename T>
std::vector<T> random_values(int64_t n, std::mt19937_64& random) {
  std::vector<T> values(static_cast<size_t>(n));
  for (T& value : values) {
    value = static_cast<T>(static_cast<float>(static_cast<int64_t>(random() >> 11)) * 0x1p-51f - 2);
  }
  return values;
}

// What the grid of grad_gamma would do, from terms[rows, dim].
std::vector<double> sums_by_grid(const float* terms, int64_t rows, int64_t dim) {
  const ColumnSums sums(rows, dim);
  std::vector<double> result(static_cast<size_t>(dim), std::nan(""));
  std::vector<double> shared(ColumnSums::kThreads);
  for (uint32_t block = 0; block < sums.blocks; ++block) {
    for (uint32_t thread = 0; thread < ColumnSums::kThreads; ++thread) {
      shared[thread] = sums.part(terms, block, thread);
    }
    for (uint32_t half = ColumnSums::kThreads / 2; half >= sums.width; half /= 2) {
      for (uint32_t thread = 0; thread < half; ++thread) shared[thread] += shared[thread + half];
    }
    for (uint32_t thread = 0; thread < sums.width; ++thread) {
      const int64_t column = sums.column(block, thread);
      if (column < dim) result[static_cast<size_t>(column)] = shared[thread];
    }
  }
  return result;
}

// What the grids of a backward would do, one block after the other; returns the sums of columns.
template <int kBytes, typename T>
std::vector<double> run_grids(const BackwardOperands<T>& t, const T* gamma, float alpha,
                              const SamplePairs& pairs, int64_t rows, int64_t dim) {
  constexpr int kCount = Vector<T, kBytes>::kCount;
  const BackwardTiles tiles(rows * dim, dim, 16 / int{sizeof(T)}, kCount, pairs.count, kMost);
  const ScaleFactors<T> factors(gamma, alpha, dim, kBytes);
  std::vector<float> partial;
  const auto sums = std::make_unique<LaneSums<kCount>>();
  for (int64_t first = 0; first < pairs.count; first += kMost) {
    const SamplePairTable table(pairs, first);
    const size_t before = partial.size();
    const int64_t added = tiles.groups(table.count) * tiles.width;
    partial.resize(before + static_cast<size_t>(added), std::numeric_limits<float>::quiet_NaN());
    for (uint32_t z = 0; z < tiles.pair_groups(table.count); ++z) {
      for (uint32_t part = 0; part < tiles.parts; ++part) {
        float* const row =
            partial.data() + before + (int64_t{z} * tiles.parts + part) * tiles.width;
        for (uint32_t block = 0; block < tiles.blocks; ++block) {
          for (uint32_t thread = 0; thread < kThreads; ++thread) {
            float sum[kCount] = {};
            backward_thread<kBytes, Caching::kKept>(t, factors, tiles, table, block, part, z,
                                                    thread, sum);
            sums->keep(thread, sum);
          }
          for (uint32_t thread = 0; thread < kThreads; ++thread) {
            sums->add_lanes(row, tiles, block, thread);
          }
        }
      }
    }
  }
  return sums_by_grid(partial.data(), static_cast<int64_t>(partial.size()) / dim, dim);
}

enum class Into { kNew, kGradY, kX };

template <int kBytes, typename T>
std::vector<double> expect_gradients(const Shape& shape, Into into) {
  constexpr int64_t kGuard = 32;
  constexpr float kAlpha = 0.7f;
  std::mt19937_64 random(11);
  const int64_t numel = shape.rows * shape.dim;
  // One pair without lists is a whole tensor; others are chosen, if grad_x is not in place.
  Lists lists = random_lists(shape.pairs, random);
  if (into != Into::kNew) lists.x = lists.y;
  const SamplePairs pairs = shape.pairs == 1 ? SamplePairs{} : lists.pairs();
  const int64_t all = 2 * shape.pairs * numel + 2 * kGuard;
  std::vector<T> grad_y = random_values<T>(all, random);
  std::vector<T> x = random_values<T>(all, random);
  std::vector<T> grad_x = random_values<T>(all, random);
  const std::vector<T> gamma = random_values<T>(shape.dim, random);

  std::vector<T> expected = into == Into::kNew ? grad_x : into == Into::kGradY ? grad_y : x;
  std::vector<double> sums(static_cast<size_t>(shape.dim));
  std::vector<double> sizes(sums.size());
  for (int64_t i = 0; i < shape.pairs; ++i) {
    for (int64_t j = 0; j < numel; ++j) {
      const auto at_x = static_cast<size_t>(kGuard + pairs.of_x(i) * numel + j);
      const auto at_y = static_cast<size_t>(kGuard + pairs.of_y(i) * numel + j);
      const auto channel = static_cast<size_t>(j % shape.dim);
      const float grad = static_cast<float>(grad_y[at_y]);
      expected[at_x] = static_cast<T>(grad * (kAlpha * static_cast<float>(gamma[channel])));
      const double term =
          static_cast<double>(grad) * static_cast<double>(static_cast<float>(x[at_x]));
      sums[channel] += term;
      sizes[channel] += std::abs(term);
    }
  }
  std::vector<T>& out = into == Into::kNew ? grad_x : into == Into::kGradY ? grad_y : x;
  const std::vector<double> result =
      run_grids<kBytes, T>({out.data() + kGuard, grad_y.data() + kGuard, x.data() + kGuard},
                           gamma.data(), kAlpha, pairs, shape.rows, shape.dim);
  EXPECT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(T)), 0)
      << shape.pairs << " x " << shape.rows << " x " << shape.dim << ", " << kBytes << " bytes";
  int64_t far = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    far += !(std::abs(result[i] - sums[i]) <= 1e-5 * sizes[i]);  // also for NaN
  }
  EXPECT_EQ(far, 0) << shape.pairs << " x " << shape.rows << " x " << shape.dim << ", " << kBytes
                    << " bytes";
  return result;
}

TEST(BackwardThreadTest, GradientsAreThoseOfTheFormula) {
  for (const Shape& shape : shapes()) {
    for (const Into into : {Into::kNew, Into::kGradY, Into::kX}) {
      expect_gradients<16, float>(shape, into);
      expect_gradients<16, BFloat16>(shape, into);
    }
  }
}

// Where addresses or odd samples narrow the accesses, nothing else changes.
TEST(BackwardThreadTest, SumsDoNotDependOnTheWidthOfAccesses) {
  for (const Shape& shape : shapes()) {
    const std::vector<double> floats = expect_gradients<16, float>(shape, Into::kNew);
    EXPECT_EQ((expect_gradients<8, float>(shape, Into::kNew)), floats);
    EXPECT_EQ((expect_gradients<4, float>(shape, Into::kNew)), floats);
    const std::vector<double> halves = expect_gradients<16, Half>(shape, Into::kNew);
    EXPECT_EQ((expect_gradients<8, Half>(shape, Into::kNew)), halves);
    EXPECT_EQ((expect_gradients<4, Half>(shape, Into::kNew)), halves);
    EXPECT_EQ((expect_gradients<2, Half>(shape, Into::kNew)), halves);
  }
}

TEST(ColumnSumsTest, AddsEveryTermOnce) {
  for (const int64_t rows : {0, 1, 2, 31, 33, 700}) {
    for (const int64_t dim : {1, 2, 5, 32, 385, 2049}) {
      std::vector<float> terms(static_cast<size_t>(rows * dim));
      std::vector<double> expected(static_cast<size_t>(dim));
      for (int64_t i = 0; i < rows * dim; ++i) {
        terms[static_cast<size_t>(i)] = static_cast<float>(i % 1009);  // all sums are exact
        expected[static_cast<size_t>(i % dim)] += static_cast<double>(i % 1009);
      }
      EXPECT_EQ(sums_by_grid(terms.data(), rows, dim), expected) << rows << " x " << dim;
    }
  }
}

}  // namespace
}  // namespace hollow::kernels
