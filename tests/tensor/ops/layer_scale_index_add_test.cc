#include "tensor/ops/layer_scale_index_add.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/ops/layer_scale.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using testing::random_tensor;
using testing::random_view;
using Index = std::vector<int64_t>;

constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};

// Sample by sample, by the op that knows no index; what is not named is left as it was.
std::vector<uint64_t> reference(const Tensor& residual, const Index& index, const Tensor& x,
                                const Tensor& gamma, double alpha, bool whole) {
  const Tensor y = residual.clone();
  for (size_t i = 0; i < index.size(); ++i) {
    const int64_t from = whole ? index[i] : static_cast<int64_t>(i);
    const Tensor sample = y.select(0, index[i]);
    sample.copy_(layer_scale_add(sample, x.select(0, from), gamma, alpha));
  }
  return bits(y);
}

TEST(LayerScaleIndexAddTest, IsTheSumOfTheSamplesAtTheIndex) {
  std::mt19937_64 random(41);
  const Index kIndices[] = {{}, {2}, {4, 0, 3}, {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}};
  for (const DType dtype : kFloats) {
    for (const Shape& sample : {Shape{17, 96}, {3, 7}, {1}, {385}, {0, 8}, {2, 3, 33}}) {
      for (const Index& index : kIndices) {
        for (const bool strided : {false, true}) {
          const auto make = [&](const Shape& shape) {
            return strided ? random_view(shape, dtype, random)
                           : random_tensor(shape, dtype, random);
          };
          Shape all = sample, part = sample;
          all.insert(all.begin(), 5);
          part.insert(part.begin(), static_cast<int64_t>(index.size()));
          const Tensor gamma = make({sample.back()});
          const Tensor residual = make(all), x = make(part);
          const auto expected = reference(residual, index, x, gamma, 0.7, false);
          layer_scale_index_add_(residual, index, x, gamma, 0.7);
          ASSERT_EQ(bits(residual), expected) << dtype << to_string(all) << index.size();
          const Tensor stream = make(all), branch = make(all);
          const auto kept = reference(stream, index, branch, gamma, -1.25, true);
          layer_scale_drop_path_add_(stream, index, branch, gamma, -1.25);
          ASSERT_EQ(bits(stream), kept) << dtype << to_string(all) << index.size();
        }
      }
    }
  }
}

// x[idx] is not idx[x], and nothing beside the samples is written: not even the same value.
TEST(LayerScaleIndexAddTest, SaysWhichSampleGoesWhere) {
  const Tensor gamma = from_values<float>({1, 10});
  const Tensor residual = counting({4, 2}, {}, 100);
  layer_scale_index_add_(residual, {3, 1}, counting({2, 2}), gamma, 2);
  EXPECT_EQ(residual.to_vector<int64_t>(),
            (Index{100, 101, 102 + 6, 103 + 80, 104, 105, 106 + 2, 107 + 40}));
  const Tensor stream = counting({4, 2}, {}, 100);
  layer_scale_drop_path_add_(stream, {3, 1}, counting({4, 2}), gamma, 2);
  EXPECT_EQ(stream.to_vector<int64_t>(),
            (Index{100, 101, 102 + 6, 103 + 80, 104, 105, 106 + 14, 107 + 160}));
}

TEST(LayerScaleIndexAddTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " f32 on " + to_string(device);
    const TensorOptions options = {.device = device};
    const Tensor x = ones({4, 2, 3}, options), two = ones({2, 2, 3}, options);
    const Tensor gamma = ones({3}, options);
    const std::string op = "layer_scale_index_add_:";
    expect_error(ErrorCode::kShape, {op, "sample 4 of tensor [4, 2, 3]" + on, "from 0 to 3"}, [&] {
      layer_scale_index_add_(x, {1, 4}, two, gamma);
    });
    expect_error(ErrorCode::kShape, {op, "sample -1 of"}, [&] {
      layer_scale_index_add_(x, {1, -1}, two, gamma);
    });
    expect_error(ErrorCode::kAlias, {op, "sample 1 of tensor [4, 2, 3]" + on, "twice"}, [&] {
      layer_scale_index_add_(x, {1, 1}, two, gamma);
    });
    expect_error(ErrorCode::kShape, {op, "[2, 2, 3]" + on, "[4, 2, 3]" + on, "must have 3"}, [&] {
      layer_scale_index_add_(x, {0, 1, 2}, two, gamma);
    });
    expect_error(ErrorCode::kShape, {op, "must have 1"},
                 [&] { layer_scale_index_add_(x, {0}, two, gamma); });
    expect_error(ErrorCode::kShape, {op, "[samples, ..., dim]"}, [&] {
      layer_scale_index_add_(ones({2, 3}, options), {0, 1}, two, gamma);
    });
    expect_error(ErrorCode::kShape, {op, "[samples, ..., dim]"},
                 [&] { layer_scale_index_add_(gamma, {0}, gamma, gamma); });
    expect_error(ErrorCode::kShape, {op, "gamma must be [dim]"}, [&] {
      layer_scale_index_add_(x, {0, 1}, two, ones({2}, options));
    });
    expect_error(ErrorCode::kShape, {"layer_scale_drop_path_add_:", "must have 4"}, [&] {
      layer_scale_drop_path_add_(x, {0, 1}, two, gamma);
    });
    expect_error(ErrorCode::kValue, {op, "alpha must be finite"}, [&] {
      layer_scale_index_add_(x, {0, 1}, two, gamma, std::numeric_limits<double>::infinity());
    });
    const Tensor half = ones({2, 2, 3}, {.dtype = DType::kF16, .device = device});
    expect_error(ErrorCode::kDType, {op, "f16 on", "f32 on"}, [&] {
      layer_scale_index_add_(x, {0, 1}, half, gamma);
    });
    // Which there is nothing to be added of.
    const Tensor integers = ones({4, 2, 3}, {.dtype = DType::kI64, .device = device});
    expect_error(ErrorCode::kDType, {op, "does not take i64", "[4, 2, 3] i64"}, [&] {
      layer_scale_index_add_(integers, {}, integers.narrow(0, 0, 0),
                             ones({3}, {.dtype = DType::kI64, .device = device}));
    });
    expect_error(ErrorCode::kShape, {op, "sample 0 of tensor [0, 3]", "which has none"}, [&] {
      layer_scale_index_add_(ones({0, 3}, options), {0}, ones({1, 3}, options), gamma);
    });
    layer_scale_index_add_(x, {3, 0}, two, gamma);
    EXPECT_EQ(x.is_meta(), device.is_meta());
  }
}

// Whatever the layout: nothing is added before all of it is known to be right.
TEST(LayerScaleIndexAddTest, AnIndexCostsWhatItNamesAndNotWhatThereIs) {
  const DeviceScope meta(Device::meta());
  const Tensor residual = empty({int64_t{1} << 46, 1, 4}), gamma = empty({4});
  layer_scale_index_add_(residual, {7, 3}, empty({2, 1, 4}), gamma);
  expect_error(ErrorCode::kAlias, {"sample 7", "twice"}, [&] {
    layer_scale_index_add_(residual, {7, 3, 7}, empty({3, 1, 4}), gamma);
  });
}

TEST(LayerScaleIndexAddTest, BadOperandsChangeNothing) {
  const Tensor gamma = ones({3});
  for (const bool strided : {false, true}) {
    const Tensor base = counting({4, 3, 2});
    const Tensor residual = strided ? base.transpose(1, 2) : counting({4, 2, 3});
    const auto before = bits(residual);
    const Tensor half_written = empty({2, 2, 3});
    half_written.select(0, 0).copy_(counting({2, 3}));
    expect_error(ErrorCode::kUninitialized, {"layer_scale_index_add_:", "[2, 2, 3] f32 on cpu"},
                 [&] {
                   layer_scale_index_add_(residual, {0, 1}, half_written, gamma);
                 });
    for (const Tensor& part : {residual.narrow(0, 1, 2), residual.narrow(0, 0, 2)}) {
      expect_error(ErrorCode::kAlias, {"layer_scale_index_add_:", "the residual and x share"}, [&] {
        layer_scale_index_add_(residual, {0, 1}, part, gamma);
      });
    }
    expect_error(ErrorCode::kAlias, {"layer_scale_index_add_:", "the residual and x share"}, [&] {
      layer_scale_index_add_(residual, {3, 0, 1, 2}, residual, gamma);
    });
    expect_error(ErrorCode::kAlias, {"layer_scale_drop_path_add_:", "overlaps the input"}, [&] {
      layer_scale_drop_path_add_(base.narrow(0, 0, 3), {0, 1}, base.narrow(0, 1, 3), ones({2}));
    });
    EXPECT_EQ(bits(residual), before);
    const Tensor wide = ones({1, 2, 3}).expand({4, 2, 3});
    expect_error(ErrorCode::kAlias, {"layer_scale_index_add_:", "repeats"}, [&] {
      layer_scale_index_add_(wide, {0, 1}, counting({2, 2, 3}), gamma);
    });
  }
}

}  // namespace
}  // namespace hollow
