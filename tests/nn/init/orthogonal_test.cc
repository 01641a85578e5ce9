#include "nn/init/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::expect_error;

const RngKey kKey = RngKey(7) / "w";

std::vector<float> written(const Shape& shape, OrthogonalOptions options = {}) {
  const Tensor tensor = empty(shape);
  orthogonal_(tensor, options, kKey);
  return tensor.to_vector<float>();
}

TEST(OrthogonalTest, TheShorterSideIsOrthonormalTimesGain) {
  for (const Shape& shape : std::vector<Shape>{{20, 20}, {8, 30}, {30, 8}, {6, 4, 3, 3}, {1, 5}}) {
    const auto q = written(shape, {.gain = 3});
    const int64_t rows = shape[0], columns = static_cast<int64_t>(q.size()) / rows;
    const bool wide = rows < columns;
    for (int64_t a = 0; a < std::min(rows, columns); ++a) {
      for (int64_t b = 0; b <= a; ++b) {
        double sum = 0;
        for (int64_t k = 0; k < std::max(rows, columns); ++k) {
          sum += wide ? static_cast<double>(q[a * columns + k]) * q[b * columns + k]
                      : static_cast<double>(q[k * columns + a]) * q[k * columns + b];
        }
        EXPECT_NEAR(sum, a == b ? 9 : 0, 9e-6) << to_string(shape);
      }
    }
  }
}

// The textbook's process in long double, column by column (row by row, for a wide matrix) of what
// normal_ gives. Another algorithm yet is in orthonormal_test.
TEST(OrthogonalTest, IsTheQOfWhatNormalGives) {
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{9, 9}, {6, 11}, {12, 5}}) {
    const Tensor normal = empty({rows, columns});
    normal_(normal, 0, 1, kKey);
    const bool wide = rows < columns;
    const Tensor side = (wide ? normal : normal.transpose(0, 1)).contiguous();
    const int64_t count = side.size(0), length = side.size(1);
    std::vector<std::vector<long double>> basis;
    for (int64_t i = 0; i < count; ++i) {
      const auto row = side.select(0, i).to_vector<float>();
      std::vector<long double> v(row.begin(), row.end());
      for (const auto& q : basis) {
        long double along = 0;
        for (int64_t k = 0; k < length; ++k) along += q[k] * v[k];
        for (int64_t k = 0; k < length; ++k) v[k] -= along * q[k];
      }
      long double square = 0;
      for (const long double x : v) square += x * x;
      for (long double& x : v) x /= std::sqrt(square);
      basis.push_back(v);
    }
    const auto values = written({rows, columns}, {.gain = 0.5});
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        const double expected = static_cast<double>(wide ? basis[i][j] : basis[j][i]) / 2;
        EXPECT_NEAR(values[i * columns + j], expected, 1e-7);
      }
    }
  }
}

TEST(OrthogonalTest, MoreDimensionsAreAMatrixOfTheFirst) {
  EXPECT_EQ(written({6, 2, 4}), written({6, 8}));
  EXPECT_NE(written({6, 2, 4}), written({12, 4}));
}

// One number is 1 or -1, as the normal number's sign.
TEST(OrthogonalTest, OfOneElementTheSignIsLeft) {
  EXPECT_EQ(std::abs(written({1, 1})[0]), 1.0f);
  int positive = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Tensor q = empty({1, 1}), normal = empty({1, 1});
    orthogonal_(q, {}, RngKey(seed));
    normal_(normal, 0, 1, RngKey(seed));
    EXPECT_EQ(q.item<float>(), std::copysign(1.0f, normal.item<float>()));
    positive += q.item<float>() > 0 ? 1 : 0;
  }
  EXPECT_GT(positive, 30);
  EXPECT_LT(positive, 70);
}

TEST(OrthogonalTest, Errors) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const auto call = [&](const Shape& shape, OrthogonalOptions options, DType dtype) {
      orthogonal_(empty(shape, {.dtype = dtype, .device = device}), options, kKey);
    };
    expect_error(ErrorCode::kShape, {"orthogonal_", "two dimensions or more, not 1", "[4] f32"},
                 [&] { call({4}, {}, DType::kF32); });
    expect_error(ErrorCode::kValue, {"orthogonal_", "gain must be finite; it is inf", "[4, 4]"},
                 [&] {
                   call({4, 4}, {.gain = INFINITY}, DType::kF32);
                 });
    expect_error(ErrorCode::kDType, {"orthogonal_", "i64", "[4, 4]"}, [&] {
      call({4, 4}, {}, DType::kI64);
    });
  }
}

}  // namespace
}  // namespace hollow::nn::init
