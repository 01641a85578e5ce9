// A fill against the definition of its values, element by element: by every instruction set that
// this machine has, any number of threads, and for boxes, strides, starts and lengths of all kinds.

#include "kernels/random.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/parallel.h"
#include "kernels/distributions.h"
#include "kernels/random_rows.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

constexpr RandomStream kStream = {.key = 0x9e3779b97f4a7c15, .generation = 3};
constexpr unsigned char kUntouched = 0xa5;

// The value of element i of the whole.
template <typename T, typename Distribution>
T element(int64_t i, const Distribution& fill) {
  constexpr int kPerBlock = Distribution::kPerBlock;
  typename Distribution::Value value[kPerBlock];
  values_of(random_block(kStream.key, kStream.generation, static_cast<uint64_t>(i / kPerBlock)),
            fill, value);
  return convert<T>(value[i % kPerBlock]);
}

// A box of a larger tensor, and where it goes.
struct Place {
  const char* name;
  Strided<2> index;
  int64_t first;
};

Place row(const char* name, int64_t numel, int64_t y_step, int64_t first, int64_t step) {
  Place place = {name, {}, first};
  place.index.numel = numel;
  place.index.rank = 1;
  place.index.contiguous = y_step == 1 && step == 1;
  place.index.size[0] = numel;
  place.index.stride[0][0] = y_step;
  place.index.stride[1][0] = step;
  return place;
}

Place box(const char* name, int64_t rows, int64_t columns, int64_t y_row, int64_t y_step,
          int64_t first, int64_t whole_row, int64_t step) {
  Place place = row(name, columns, y_step, first, step);
  place.index.numel = rows * columns;
  place.index.rank = 2;
  place.index.contiguous = false;
  place.index.size[0] = rows;
  place.index.size[1] = columns;
  place.index.stride[0][0] = y_row;
  place.index.stride[1][0] = whole_row;
  place.index.stride[0][1] = y_step;
  place.index.stride[1][1] = step;
  return place;
}

// Sizes and strides of y and of the whole, from the outermost on.
Place strided(const char* name, const std::vector<int64_t>& sizes, const std::vector<int64_t>& y,
              const std::vector<int64_t>& whole, int64_t first) {
  Place place = {name, {}, first};
  place.index.numel = 1;
  place.index.rank = static_cast<int>(sizes.size());
  for (size_t d = 0; d < sizes.size(); ++d) {
    place.index.numel *= sizes[d];
    place.index.size[d] = sizes[d];
    place.index.stride[0][d] = y[d];
    place.index.stride[1][d] = whole[d];
  }
  return place;
}

std::vector<Place> places() {
  constexpr int64_t kFar = (int64_t{1} << 34) + 3;  // its block number needs more than 32 bits
  std::vector<Place> all = {
      row("long", 50001, 1, 0, 1),
      row("from the third", 9999, 1, 2, 1),
      row("beyond 32 bits", 5000, 1, kFar, 1),
      row("across 32 bits of blocks", 4096, 1, (int64_t{1} << 34) - 1001, 1),
      row("apart", 3001, 3, 5, 1),
      row("every second", 301, 1, 1, 2),
      row("a column", 1001, 1, 6, 4099),
      box("wide rows", 7, 1030, 1030, 1, 17, 5003, 1),
      box("narrow rows", 901, 5, 5, 1, 3, 29, 1),
      box("wide rows apart", 5, 1030, 2000, 1, 1, 2100, 1),
      box("transposed", 33, 301, 1, 33, 0, 301, 1),
      box("transposed box", 33, 301, 1, 33, 77, 1003, 1),
      // Long enough that every thread begins within.
      strided("three dimensions", {5, 37, 83}, {1, 5, 185}, {9001, 97, 1}, 11),
      strided("four dimensions", {3, 11, 17, 29}, {29, 1479, 87, 1}, {40007, 1013, 53, 1}, 4),
  };
  for (int64_t numel = 0; numel < 70; ++numel) {
    all.push_back(row("short", numel, 1, numel % 5, 1));
    all.push_back(row("just long", 250 + numel, 1, numel % 7, 1));
  }
  return all;
}

int64_t extent(const Strided<2>& index) {
  int64_t last = 0;
  for (int d = 0; d < index.rank; ++d) last += (index.size[d] - 1) * index.stride[0][d];
  return index.numel == 0 ? 0 : last + 1;
}

int64_t offset(const Strided<2>& index, int operand, int64_t i) {
  int64_t result = 0;
  for (int d = index.rank - 1; d >= 0; --d) {
    result += i % index.size[d] * index.stride[operand][d];
    i /= index.size[d];
  }
  return result;
}

// One element more than the place, on both sides, so that y is aligned to nothing but T.
template <typename T, typename Distribution>
std::vector<unsigned char> expected(const Place& place, const Distribution& fill) {
  const size_t count = static_cast<size_t>(extent(place.index) + 2);
  std::vector<unsigned char> bytes(count * sizeof(T), kUntouched);
  for (int64_t i = 0; i < place.index.numel; ++i) {
    const T value = element<T>(place.first + offset(place.index, 1, i), fill);
    const size_t at = static_cast<size_t>(offset(place.index, 0, i) + 1) * sizeof(T);
    std::memcpy(&bytes[at], &value, sizeof(T));
  }
  return bytes;
}

template <typename T, typename Distribution>
void check(const std::string& name, const Distribution& fill) {
  for (const Place& place : places()) {
    const std::vector<unsigned char> want = expected<T>(place, fill);
    for (const Isa each : available_isas()) {
      set_isa(each);
      for (const int threads : {1, 4}) {
        set_num_threads(threads);
        std::vector<unsigned char> got(want.size(), kUntouched);
        random(Cpu{}, reinterpret_cast<T*>(got.data()) + 1, place.index, place.first, kStream,
               fill);
        ASSERT_TRUE(got == want) << name << " of " << sizeof(T) << " bytes, " << place.name << " "
                                 << place.index.numel << ", " << to_string(each) << ", " << threads;
      }
    }
  }
}

class RandomKernelTest : public ::testing::Test {
 protected:
  void TearDown() override {
    set_isa(isa_before_);
    set_num_threads(threads_before_);
  }

 private:
  const Isa isa_before_ = isa();
  const int threads_before_ = num_threads();

 protected:
  template <typename T>
  void check_floats() {
    check<T>("uniform", UniformFill{make_uniform(-0.3, 1.7)});
    check<T>("normal", NormalFill{make_normal(0.1, 2)});
    check<T>("truncated normal", TruncatedNormalFill{make_truncated_normal(0.1, 1, -2, 1.5)});
    check<T>("a left tail", TruncatedNormalFill{make_truncated_normal(10, 1, -2, 2)});
    check<T>("Bernoulli", BernoulliFill{make_bernoulli(0.3)});
  }
};

TEST_F(RandomKernelTest, Float) { check_floats<float>(); }
TEST_F(RandomKernelTest, Half) { check_floats<Half>(); }
TEST_F(RandomKernelTest, BFloat16) { check_floats<BFloat16>(); }

TEST_F(RandomKernelTest, BernoulliOfIntegersAndBools) {
  check<int64_t>("Bernoulli", BernoulliFill{make_bernoulli(0.3)});
  check<bool>("Bernoulli", BernoulliFill{make_bernoulli(0.3)});
}

TEST_F(RandomKernelTest, Integers) {
  check<int64_t>("integers", IntegerFill{{-5, 1000}});
  check<int64_t>("all integers but one", IntegerFill{{INT64_MIN, ~uint64_t{0}}});
}

// Values where vectors and scalars might part: f16 in its subnormal range, f32 near its ends.
TEST_F(RandomKernelTest, SmallAndLargeValues) {
  check<Half>("tiny", NormalFill{make_normal(0, 1e-6)});
  check<Half>("huge", NormalFill{make_normal(0, 30000)});
  check<BFloat16>("tiny", NormalFill{make_normal(0, 1e-38)});
  check<float>("subnormal", NormalFill{make_normal(0, 1e-40)});
  check<float>("huge", UniformFill{make_uniform(-3e38, 3e38)});
  check<float>("one point", UniformFill{make_uniform(-0.0, -0.0)});
}

__extension__ using Product = unsigned __int128;

TEST(IntegerTest, IsTheUpperHalfOfTheProduct) {
  for (const uint64_t range :
       {uint64_t{1}, uint64_t{7}, uint64_t{1} << 32, ~uint64_t{0}, uint64_t{0x123456789abcdef1}}) {
    for (const uint64_t word :
         {uint64_t{0}, uint64_t{1}, ~uint64_t{0}, uint64_t{0xfedcba9876543210}}) {
      const auto product = static_cast<Product>(word) * range;
      EXPECT_EQ(static_cast<uint64_t>(integer(static_cast<uint32_t>(word),
                                              static_cast<uint32_t>(word >> 32), {0, range})),
                static_cast<uint64_t>(product >> 64));
    }
  }
}

// What a device kernel does, in which each thread has one piece.
template <typename T, typename Distribution>
std::vector<unsigned char> by_pieces(const Place& place, const Distribution& fill) {
  const size_t count = static_cast<size_t>(extent(place.index) + 2);
  std::vector<unsigned char> bytes(count * sizeof(T), kUntouched);
  if (place.index.numel == 0) return bytes;
  const RandomRows<Distribution::kPerBlock> rows(place.index, place.first);
  for (int64_t i = 0; i < rows.blocks; ++i) {
    const RandomPiece piece = rows.piece(i);
    for (int j = 0; j < piece.count; ++j) {
      const T value = element<T>(piece.block * Distribution::kPerBlock + piece.word + j, fill);
      const size_t at = static_cast<size_t>(piece.at + j * piece.step + 1) * sizeof(T);
      EXPECT_EQ(bytes[at], kUntouched);  // a value whose first byte is the mark would be bad luck
      std::memcpy(&bytes[at], &value, sizeof(T));
    }
  }
  return bytes;
}

TEST(RandomRowsTest, PiecesCoverEveryElementOnce) {
  const UniformFill floats{make_uniform(1, 2)};
  const IntegerFill integers{{0, 100}};
  for (const Place& place : places()) {
    EXPECT_TRUE(by_pieces<BFloat16>(place, floats) == expected<BFloat16>(place, floats))
        << place.name << " " << place.index.numel;
    EXPECT_TRUE(by_pieces<int64_t>(place, integers) == expected<int64_t>(place, integers))
        << place.name << " " << place.index.numel;
  }
}

}  // namespace
}  // namespace hollow::kernels
