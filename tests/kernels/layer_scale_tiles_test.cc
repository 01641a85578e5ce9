// The grid of a device's LayerScale, walked on the host: where its threads read and write, and
// what.

#include "kernels/layer_scale_tiles.h"

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hd.h"
#include "kernels/layer_scale_thread.h"
#include "kernels/sample_pair_table.h"
#include "kernels/scalar.h"
#include "kernels/vector.h"

namespace hollow::kernels {
namespace {

struct Shape {
  int64_t rows;
  int64_t dim;
  int64_t samples;  // many of them ask for the strides of a large tensor
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> shapes = {
      {1, 1, 1},       {3, 1, 1},       {1000, 1, 1},     {1, 7, 1},       {5, 7, 1},
      {257, 7, 1},     {2, 31, 1},      {64, 384, 1},     {257, 384, 1},   {257, 384, 64},
      {9, 385, 1},     {3001, 385, 1},  {40, 1024, 9999}, {1, 5000, 1},    {3, 70001, 1},
      {700001, 1, 1},  {90001, 7, 1},   {5, 131077, 1},   {1, 1, 1 << 20}, {3, 5, 1 << 20},
      {2100, 1023, 1}, {8200, 256, 64},
  };
  return shapes;
}

constexpr uint32_t kThreads = ScaleTiles::kThreads;

TEST(ScaleTilesTest, EveryVectorBelongsToOneThreadAndItsChannels) {
  for (const Shape& shape : shapes()) {
    for (const int bytes : {16, 8, 4, 2}) {
      for (const int count : {bytes / 2, bytes / 4}) {
        if (count == 0) continue;
        const int64_t numel = shape.rows * shape.dim;
        const ScaleTiles tiles(numel, shape.dim, bytes, count, shape.samples);
        std::vector<char> seen(static_cast<size_t>(divide_up(numel, count)));
        int64_t wrong = 0;
        for (uint32_t stripe = 0; stripe < tiles.stripes; ++stripe) {
          for (uint32_t thread = 0; thread < tiles.blocks * kThreads; ++thread) {
            const int64_t place = tiles.place(thread / kThreads, thread % kThreads);
            if (place >= tiles.step) continue;
            for (int i = 0; i < tiles.steps; ++i) {
              const int64_t at = tiles.first(stripe, place) + i * tiles.step;
              if (at >= numel) continue;
              wrong += at % count != 0 || at % shape.dim != tiles.channel(place);
              ++seen[static_cast<size_t>(at / count)];
            }
          }
        }
        for (const char times : seen) wrong += times != 1;
        EXPECT_EQ(wrong, 0) << shape.rows << " x " << shape.dim << ", " << shape.samples
                            << " samples, " << bytes << " bytes, " << count << " elements";
        EXPECT_LE(tiles.stripes, 65535u);
      }
    }
  }
}

// What is too large to walk through: finds the thread of some elements, and goes back.
TEST(ScaleTilesTest, ReachesBeyond32Bits) {
  std::mt19937_64 random(7);
  const std::vector<Shape> large = {{int64_t{1} << 31, 1, 1},
                                    {(int64_t{1} << 31) + 5, 3, 1},
                                    {1, (int64_t{1} << 31) + 7, 1},
                                    {1, (int64_t{1} << 33) + 1, 1},
                                    {3, (int64_t{1} << 32) + 2, 1},
                                    {int64_t{1} << 24, 1024, 1},
                                    {5000000, 385, 300},
                                    {int64_t{1} << 38, 1, 1}};
  for (const Shape& shape : large) {
    for (const int bytes : {16, 8, 4, 2}) {
      const int count = bytes / 2;
      const int64_t numel = shape.rows * shape.dim;
      const ScaleTiles tiles(numel, shape.dim, bytes, count, shape.samples);
      const int64_t vectors = divide_up(numel, count);
      const int64_t stride = tiles.step / count;
      ASSERT_LE(tiles.stripes, 65535u);
      ASSERT_LT(tiles.blocks, 1u << 31);
      ASSERT_EQ(tiles.step % shape.dim, 0);
      for (int i = 0; i < 1000; ++i) {
        const int64_t vector =
            i == 0 ? vectors - 1 : static_cast<int64_t>(random() % static_cast<uint64_t>(vectors));
        const int64_t stripe = vector / (stride * tiles.steps);
        const int64_t lane = vector % stride;
        ASSERT_LT(stripe, tiles.stripes);
        ASSERT_LT(lane / kThreads, tiles.blocks);
        const int64_t place = tiles.place(static_cast<uint32_t>(lane / kThreads),
                                          static_cast<uint32_t>(lane % kThreads));
        const int64_t at = tiles.first(static_cast<uint32_t>(stripe), place) +
                           vector / stride % tiles.steps * tiles.step;
        ASSERT_EQ(at, vector * count);
        ASSERT_EQ(tiles.channel(place), at % shape.dim);
      }
    }
  }
}

TEST(ScaleTilesTest, AccessesAreAsWideAsAddressesAllow) {
  EXPECT_EQ(widest_vector(0), 16);
  EXPECT_EQ(widest_vector(0x7f0000000100), 16);
  EXPECT_EQ(widest_vector(0x100 | 0x108), 8);
  EXPECT_EQ(widest_vector(0x100 | 0x204), 4);
  EXPECT_EQ(widest_vector(0x100 | 257 * 385 * 2), 2);
}

TEST(ScaleTilesTest, StreamsWhatTheCacheCannotKeep) {
  constexpr int64_t kL2 = 50 << 20;
  EXPECT_EQ(caching_for(kL2 / 3, kL2, kL2), Caching::kKept);
  EXPECT_EQ(caching_for(kL2, kL2, kL2), Caching::kKept);  // in place
  EXPECT_EQ(caching_for(kL2 / 2, kL2 * 3 / 2, kL2), Caching::kKept);
  EXPECT_EQ(caching_for(kL2 * 3 / 4, kL2 * 3 / 2, kL2), Caching::kStreamsAll);
  EXPECT_EQ(caching_for(2 * kL2, 4 * kL2, kL2), Caching::kStreamsStores);
}

template <typename T>
std::vector<T> random_values(int64_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& value : values) {
    value = static_cast<T>(static_cast<float>(static_cast<int64_t>(random() >> 11)) * 0x1p-51f - 2);
  }
  return values;
}

// What a grid would do, one thread after the other.
template <bool kAdds, int kBytes, typename T>
void run_grid(const ScaleOperands<T>& t, const T* gamma, float alpha, int64_t rows, int64_t dim,
              int64_t samples) {
  const ScaleTiles tiles(rows * dim, dim, kBytes, Vector<T, kBytes>::kCount, samples);
  const ScaleFactors<T> factors(gamma, alpha, dim, kBytes);
  for (uint32_t stripe = 0; stripe < tiles.stripes; ++stripe) {
    for (uint32_t thread = 0; thread < tiles.blocks * kThreads; ++thread) {
      scale_thread<kAdds, kBytes, Caching::kKept>(t, factors, tiles, stripe, thread / kThreads,
                                                  thread % kThreads);
    }
  }
}

// y is the residual, or x, or neither, and lies between two guards. `offset` moves gamma.
template <bool kAdds, int kBytes, typename T>
void expect_scaled(const Shape& shape, bool in_place, int64_t offset) {
  constexpr int64_t kGuard = 32;
  const int64_t numel = shape.rows * shape.dim;
  const float alpha = kAdds ? 0.7f : 1.0f;
  const std::vector<T> x = random_values<T>(numel + 2 * kGuard, 1);
  const std::vector<T> residual = random_values<T>(numel + 2 * kGuard, 2);
  const std::vector<T> gamma = random_values<T>(shape.dim + offset, 3);
  std::vector<T> expected = random_values<T>(numel + 2 * kGuard, 4);
  if (in_place) expected = kAdds ? residual : x;
  std::vector<T> y = expected;
  for (int64_t i = 0; i < numel; ++i) {
    const size_t at = static_cast<size_t>(i + kGuard);
    const float factor =
        alpha * static_cast<float>(gamma[static_cast<size_t>(i % shape.dim + offset)]);
    const float value = static_cast<float>(x[at]);
    expected[at] = static_cast<T>(kAdds ? fma_rn(value, factor, static_cast<float>(residual[at]))
                                        : value * factor);
  }
  T* const to = y.data() + kGuard;
  const T* const from = in_place && !kAdds ? to : x.data() + kGuard;
  const T* const added = in_place && kAdds ? to : residual.data() + kGuard;
  run_grid<kAdds, kBytes, T>({to, kAdds ? added : nullptr, from}, gamma.data() + offset, alpha,
                             shape.rows, shape.dim, shape.samples);
  EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(T)), 0)
      << shape.rows << " x " << shape.dim << ", " << shape.samples << " samples, " << kBytes
      << " bytes" << (in_place ? ", in place" : "") << ", gamma from " << offset;
}

template <int kBytes, typename T>
void expect_scaled_everywhere() {
  for (const Shape& shape : shapes()) {
    if (shape.rows * shape.dim > 200000) continue;
    for (const bool in_place : {false, true}) {
      for (const int64_t offset : {0, 1}) {
        expect_scaled<false, kBytes, T>(shape, in_place, offset);
        expect_scaled<true, kBytes, T>(shape, in_place, offset);
      }
    }
  }
}

TEST(ScaleThreadTest, HasTheBitsOfTheFormula) {
  expect_scaled_everywhere<16, float>();
  expect_scaled_everywhere<8, float>();
  expect_scaled_everywhere<4, float>();
  expect_scaled_everywhere<16, BFloat16>();
  expect_scaled_everywhere<2, BFloat16>();
  expect_scaled_everywhere<16, Half>();
  expect_scaled_everywhere<8, Half>();
  expect_scaled_everywhere<4, Half>();
}

TEST(SamplePairTableTest, TakesALongListInParts) {
  std::vector<int64_t> y(500);
  for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int64_t>(3 * i);
  const SamplePairs pairs = {500, y.data(), nullptr};
  int64_t first = 0;
  for (const int count : {240, 240, 20}) {
    const SamplePairTable table(pairs, first);
    ASSERT_EQ(table.count, count);
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(table.y[i], 3 * (first + i));
      EXPECT_EQ(table.x[i], first + i);
    }
    first += count;
  }
}

TEST(SamplePairTableTest, KnowsWhenThereIsNothingToChoose) {
  const int64_t same[] = {0, 1, 2};
  const int64_t swapped[] = {0, 2, 1};
  EXPECT_TRUE(is_identity({}));
  EXPECT_TRUE(is_identity({3, same, nullptr}));
  EXPECT_TRUE(is_identity({3, nullptr, same}));
  EXPECT_TRUE(is_identity({0, swapped, swapped}));
  EXPECT_FALSE(is_identity({3, swapped, nullptr}));
  EXPECT_FALSE(is_identity({3, swapped, swapped}));
}

}  // namespace
}  // namespace hollow::kernels
