#include "nn/init/sparse.h"

#include <cmath>
#include <cstdint>
#include <iterator>
#include <set>
#include <vector>

#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow::nn::init {
namespace {

using hollow::testing::expect_error;

const RngKey kKey = RngKey(7) / "w";

TEST(SparseTest, EachColumnHasItsZerosAndElseNormalValues) {
  struct Case {
    Shape shape;
    double sparsity;
    int zeros;
  };
  for (const Case& each : std::vector<Case>{{{10, 40}, 0.3, 3},
                                            {{10, 40}, 0.31, 4},
                                            {{7, 9}, 0.5, 4},
                                            {{10, 4}, 0, 0},
                                            {{10, 4}, 1, 10},
                                            {{1, 4}, 0.001, 1}}) {
    const Tensor tensor = empty(each.shape), normal = empty(each.shape);
    sparse_(tensor, each.sparsity, {.std = 2}, kKey);
    normal_(normal, 0, 2, kKey);
    const auto values = tensor.to_vector<float>(), dense = normal.to_vector<float>();
    const int64_t rows = each.shape[0], columns = each.shape[1];
    for (int64_t j = 0; j < columns; ++j) {
      int zeros = 0;
      for (int64_t i = 0; i < rows; ++i) {
        const float value = values[i * columns + j];
        zeros += value == 0 ? 1 : 0;
        EXPECT_TRUE(value == 0 || value == dense[i * columns + j]);
      }
      EXPECT_EQ(zeros, each.zeros) << to_string(each.shape) << each.sparsity;
    }
  }
}

TEST(SparseTest, TheRowsAreThoseOfTheSmallestLots) {
  const Tensor tensor = empty({8, 30}), lots = empty({8, 30}, {.dtype = DType::kI64});
  sparse_(tensor, 0.25, {}, kKey);
  randint_(lots, 0, INT64_MAX, kKey / "sparse rows");
  for (int64_t j = 0; j < 30; ++j) {
    const auto column = tensor.select(1, j).to_vector<float>();
    const auto lot = lots.select(1, j).to_vector<int64_t>();
    const std::set<int64_t> in_order(lot.begin(), lot.end());
    for (size_t i = 0; i < column.size(); ++i) {
      EXPECT_EQ(column[i] == 0, lot[i] <= *std::next(in_order.begin())) << i << " " << j;
    }
  }
}

// Each row is as likely: a quarter of 4000 columns, with a deviation of 27.
TEST(SparseTest, NoRowIsPreferred) {
  const Tensor tensor = empty({8, 4000});
  sparse_(tensor, 0.25, {}, kKey);
  for (int64_t i = 0; i < 8; ++i) {
    int zeros = 0;
    for (const float value : tensor.select(0, i).to_vector<float>()) zeros += value == 0 ? 1 : 0;
    EXPECT_NEAR(zeros, 1000, 120) << i;
  }
}

TEST(SparseTest, Errors) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const auto call = [&](const Shape& shape, double sparsity, double std, DType dtype) {
      sparse_(empty(shape, {.dtype = dtype, .device = device}), sparsity, {.std = std}, kKey);
    };
    expect_error(ErrorCode::kShape, {"sparse_", "two dimensions, not 3", "[4, 4, 2]"}, [&] {
      call({4, 4, 2}, 0.1, 1, DType::kF32);
    });
    expect_error(ErrorCode::kShape, {"sparse_", "two dimensions, not 1"},
                 [&] { call({4}, 0.1, 1, DType::kF32); });
    for (const double sparsity : {-0.1, 1.1, std::nan("")}) {
      expect_error(ErrorCode::kValue, {"sparse_", "sparsity must be from 0 to 1", "[4, 4]"}, [&] {
        call({4, 4}, sparsity, 1, DType::kF32);
      });
    }
    expect_error(ErrorCode::kValue, {"normal_", "-1"}, [&] { call({4, 4}, 0.1, -1, DType::kF32); });
    expect_error(ErrorCode::kDType, {"sparse_", "i64"}, [&] { call({4, 4}, 0.1, 1, DType::kI64); });
  }
}

}  // namespace
}  // namespace hollow::nn::init
