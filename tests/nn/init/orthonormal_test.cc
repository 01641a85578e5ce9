#include "nn/init/orthonormal.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace hollow::nn::init {
namespace {

Rows random_rows(int64_t count, int64_t length) {
  std::mt19937 random(42);
  std::normal_distribution<double> normal;
  Rows rows(count, length);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < length; ++j) rows[i][j] = normal(random);
  }
  return rows;
}

double dot(const Rows& a, int64_t i, const Rows& b, int64_t j) {
  double sum = 0;
  for (int64_t k = 0; k < a.length(); ++k) sum += a[i][k] * b[j][k];
  return sum;
}

void expect_orthonormal(const Rows& rows) {
  for (int64_t i = 0; i < rows.count(); ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      ASSERT_NEAR(dot(rows, i, rows, j), i == j ? 1 : 0, 1e-13) << i << " " << j;
    }
    for (int64_t k = rows.length(); k < rows.stride(); ++k) ASSERT_EQ(rows[i][k], 0);
  }
}

// The same by Householder's reflections, column by column: Q of the matrix whose columns the rows
// are, with signs for which the diagonal of R is positive.
Rows by_reflections(const Rows& input) {
  const int64_t count = input.count(), length = input.length();
  Rows a = input;
  std::vector<std::vector<double>> mirrors;
  std::vector<double> signs;
  const auto reflect = [&](const std::vector<double>& mirror, double* x) {
    double along = 0;
    for (int64_t k = 0; k < length; ++k) along += mirror[k] * x[k];
    for (int64_t k = 0; k < length; ++k) x[k] -= 2 * along * mirror[k];
  };
  for (int64_t i = 0; i < count; ++i) {
    std::vector<double> mirror(length, 0);
    double square = 0;
    for (int64_t k = i; k < length; ++k) square += a[i][k] * a[i][k];
    const double diagonal = a[i][i] > 0 ? -std::sqrt(square) : std::sqrt(square);
    double mirror_square = 0;
    for (int64_t k = i; k < length; ++k) {
      mirror[k] = a[i][k] - (k == i ? diagonal : 0);
      mirror_square += mirror[k] * mirror[k];
    }
    for (double& m : mirror) m /= std::sqrt(mirror_square);
    for (int64_t j = i; j < count; ++j) reflect(mirror, a[j]);
    mirrors.push_back(mirror);
    signs.push_back(a[i][i] < 0 ? -1 : 1);
  }
  Rows q(count, length);
  for (int64_t i = 0; i < count; ++i) {
    q[i][i] = signs[i];
    for (int64_t j = count; j-- > 0;) reflect(mirrors[j], q[i]);
  }
  return q;
}

// Sizes below, at and above those of lanes, groups and blocks.
TEST(OrthonormalTest, IsTheQOfTheDecomposition) {
  for (const auto& [count, length] : std::vector<std::pair<int64_t, int64_t>>{{0, 5},
                                                                              {1, 1},
                                                                              {1, 7},
                                                                              {2, 2},
                                                                              {3, 5},
                                                                              {4, 4},
                                                                              {5, 9},
                                                                              {31, 33},
                                                                              {32, 32},
                                                                              {33, 40},
                                                                              {67, 101}}) {
    const Rows input = random_rows(count, length);
    Rows rows = input;
    orthonormalize(rows);
    expect_orthonormal(rows);
    const Rows expected = by_reflections(input);
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_GT(dot(input, i, rows, i), 0);
      for (int64_t k = 0; k < length; ++k) ASSERT_NEAR(rows[i][k], expected[i][k], 1e-10);
    }
  }
}

TEST(OrthonormalTest, ScaleDoesNotMatter) {
  const Rows input = random_rows(40, 50);
  Rows rows = input, small = input;
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t k = 0; k < 50; ++k) small[i][k] *= 0x1p-60;
  }
  orthonormalize(rows);
  orthonormalize(small);
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t k = 0; k < 50; ++k) ASSERT_EQ(rows[i][k], small[i][k]);
  }
}

// The bits of the first version, by g++ 12 on x86-64. They may not change: see
// nn/init/orthonormal.h.
TEST(OrthonormalTest, TheBitsAreHeld) {
  Rows rows(70, 83);
  uint64_t state = 1;
  for (int64_t i = 0; i < 70; ++i) {
    for (int64_t k = 0; k < 83; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      rows[i][k] = static_cast<double>(static_cast<int64_t>(state >> 40)) - 0x1p23;
    }
  }
  orthonormalize(rows);
  expect_orthonormal(rows);
  uint64_t hash = 14695981039346656037u;
  for (int64_t i = 0; i < 70; ++i) {
    for (int64_t k = 0; k < 83; ++k) {
      hash = (hash ^ std::bit_cast<uint64_t>(rows[i][k])) * 1099511628211u;
    }
  }
  EXPECT_EQ(hash, 17144602433773819547u);
}

TEST(OrthonormalTest, NearlyDependentRowsBecomeOrthogonal) {
  Rows rows = random_rows(40, 50);
  for (int64_t i = 1; i < 40; ++i) {
    for (int64_t k = 0; k < 50; ++k) rows[i][k] = rows[0][k] + 1e-9 * rows[i][k];
  }
  orthonormalize(rows);
  expect_orthonormal(rows);
}

TEST(OrthonormalTest, RowsWithoutADirectionOfTheirOwnGetOne) {
  Rows zeros(40, 40);
  orthonormalize(zeros);
  expect_orthonormal(zeros);

  Rows copies = random_rows(40, 41);
  for (const int64_t i : {1, 2, 17, 33, 39}) {
    for (int64_t k = 0; k < 41; ++k) copies[i][k] = -3 * copies[0][k];
  }
  orthonormalize(copies);
  expect_orthonormal(copies);

  Rows broken = random_rows(5, 6);
  broken[2][3] = std::numeric_limits<double>::quiet_NaN();
  broken[4][0] = std::numeric_limits<double>::infinity();
  orthonormalize(broken);
  expect_orthonormal(broken);
}

}  // namespace
}  // namespace hollow::nn::init
