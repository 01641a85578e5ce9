#include "tensor/ops/fill.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using Values = std::vector<int64_t>;

TEST(FillTest, EveryDType) {
  const struct {
    DType dtype;
    Scalar value;
    uint64_t bits;
  } kCases[] = {
      {DType::kF32, 0.1, 0x3dcccccd},
      {DType::kF32, -0.0, 0x80000000},
      {DType::kF32, 1, 0x3f800000},
      {DType::kF16, 0.1, 0x2e66},
      {DType::kF16, 65519, 0x7bff},
      {DType::kF16, 65520, 0x7c00},
      {DType::kBF16, 0.1, 0x3dcd},
      {DType::kBF16, -INFINITY, 0xff80},
      {DType::kI64, -2, 0xfffffffffffffffe},
      {DType::kI64, INT64_MAX, INT64_MAX},
      {DType::kI64, 3.0, 3},
      {DType::kBool, true, 1},
      {DType::kBool, 0.0, 0},
  };
  for (const auto& [dtype, value, expected] : kCases) {
    const Tensor tensor = empty({3, 3}, {.dtype = dtype});
    fill_(tensor, value);
    EXPECT_EQ(bits(tensor), std::vector<uint64_t>(9, expected)) << dtype;
    EXPECT_EQ(tensor.state(), State::kInitialized);
  }
}

TEST(FillTest, AViewFillsItsOwnElementsAlone) {
  const Tensor tensor = counting({3, 4});
  fill_(tensor.transpose(0, 1).narrow(0, 1, 2).select(1, 2), 70);
  EXPECT_EQ(tensor.to_vector<int64_t>(), (Values{1, 2, 3, 4, 5, 6, 7, 8, 9, 70, 70, 12}));
  fill_(tensor.narrow(1, 3, 0), 99);
  EXPECT_EQ(tensor.to_vector<int64_t>()[3], 4);
  fill_(tensor.narrow(0, 0, 1).narrow(1, 0, 1).expand({1, 1, 1}), 50);
  EXPECT_EQ(tensor.to_vector<int64_t>()[0], 50) << "nothing is repeated";
}

TEST(FillTest, ManyElementsAndManyDimensions) {
  const Tensor large = empty({300001});
  fill_(large, 3);
  EXPECT_EQ(large.to_vector<int64_t>(), Values(300001, 3));
  const Tensor deep = zeros({2, 2, 2, 2, 2, 2, 2, 4});
  fill_(deep.permute({7, 0, 6, 1, 5, 2, 4, 3}).narrow(0, 1, 2), 5);
  int64_t sum = 0;
  for (const int64_t value : deep.to_vector<int64_t>()) sum += value;
  EXPECT_EQ(sum, 5 * 256);
  EXPECT_EQ(deep.narrow(7, 1, 2).to_vector<int64_t>(), Values(256, 5));
}

TEST(FillTest, OnMetaItIsNothing) {
  const Tensor meta = empty({3}, {.device = Device::meta()});
  fill_(meta, 3);
  EXPECT_EQ(meta.state(), State::kMeta);
}

TEST(FillTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor integer = zeros({2, 3}, {.dtype = DType::kI64, .device = device});
    const std::string text = "[2, 3] i64 on " + to_string(device);
    expect_error(ErrorCode::kValue, {"fill_:", "0.5", text}, [&] { fill_(integer, 0.5); });
    expect_error(ErrorCode::kValue, {"fill_:", "nan", text},
                 [&] { fill_(integer, std::numeric_limits<double>::quiet_NaN()); });
    expect_error(ErrorCode::kAlias, {"fill_:", "[2, 2, 3] i64", "strides [0, 3, 1]", "repeats"},
                 [&] {
                   fill_(integer.expand({2, 2, 3}), 1);
                 });
  }
}

}  // namespace
}  // namespace hollow
