#include "nn/init/constants.h"

#include <cstdint>
#include <vector>

#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::bits;
using hollow::testing::counting;
using hollow::testing::expect_error;

Tensor written(const Writer& writer, const Shape& shape, DType dtype = DType::kF32) {
  const Tensor tensor = empty(shape, {.dtype = dtype});
  writer(tensor, RngKey(7) / "w");
  return tensor;
}

TEST(ConstantsTest, ConstantsOfEveryDType) {
  EXPECT_EQ(written(init::constant(2.5), {3}).to_vector<float>(),
            (std::vector<float>{2.5, 2.5, 2.5}));
  EXPECT_EQ(written(init::constant(int64_t{1} << 60), {1}, DType::kI64).item<int64_t>(),
            int64_t{1} << 60);
  EXPECT_EQ(written(init::ones(), {2}, DType::kBool).to_vector<bool>(),
            (std::vector<bool>{true, true}));
  EXPECT_EQ(written(init::zeros(), {1}, DType::kBF16).item<float>(), 0.0f);
  expect_error(ErrorCode::kValue, {"fill_", "2.5", "i64"},
               [] { written(init::constant(2.5), {3}, DType::kI64); });
}

TEST(ConstantsTest, ValuesOfATensorGoToOtherDTypes) {
  const Writer writer = init::constant(counting({2, 3}));
  EXPECT_EQ(bits(written(writer, {2, 3}, DType::kF16)),
            bits(counting({2, 3}, {.dtype = DType::kF16})));
  expect_error(ErrorCode::kShape, {"init::constant", "[2, 3]", "[6]"},
               [&] { written(writer, {6}); });
  expect_error(ErrorCode::kShape, {"constant_", "[3]", "[2, 3]"}, [] {
    init::constant_(empty({2, 3}), counting({3}));
  });
  expect_error(ErrorCode::kUninitialized, {"init::constant", "[3] f32 on cpu"},
               [] { init::constant(empty({3})); });
  expect_error(ErrorCode::kMeta, {"copy_", "[3] f32 on meta"},
               [] { init::constant_(empty({3}), empty({3}, {.device = Device::meta()})); });
}

TEST(ConstantsTest, ValuesOfAPermutedTensorKeepTheirPlaces) {
  const Tensor values = counting({3, 2}).transpose(0, 1);
  EXPECT_EQ(written(init::constant(values), {2, 3}).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 3, 5, 2, 4, 6}));
  const Shard corner = {.whole = {2, 3}, .offset = {1, 1}, .shape = {1, 2}};
  const Tensor part = empty({1, 2});
  init::constant(values)(part, RngKey(0), corner);
  EXPECT_EQ(part.to_vector<int64_t>(), (std::vector<int64_t>{4, 6}));
}

TEST(ConstantsTest, EyeIsOneWhereRowAndColumnAreEqual) {
  for (const auto& [rows, columns] : {std::pair{3, 3}, {2, 5}, {5, 2}}) {
    const Tensor tensor = empty({rows, columns}, {.dtype = DType::kI64});
    init::eye_(tensor);
    const auto values = tensor.to_vector<int64_t>();
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) EXPECT_EQ(values[i * columns + j], i == j ? 1 : 0);
    }
  }
  for (const Device device : {Device::cpu(), Device::meta()}) {
    expect_error(ErrorCode::kShape, {"eye_", "two dimensions, not 3", "[2, 3, 4]", "dirac_"}, [&] {
      init::eye_(empty({2, 3, 4}, {.device = device}));
    });
  }
}

// out[o] = sum over the input channels i of the group and the places p of the kernel:
// weight[o, i, p] * in[i, x + p - middle].
std::vector<float> convolve(const Tensor& weight, const std::vector<std::vector<float>>& in,
                            int64_t groups, int64_t channel) {
  const int64_t per_group = weight.size(0) / groups;
  const int64_t first_in = channel / per_group * weight.size(1);
  const int64_t width = static_cast<int64_t>(in[0].size());
  std::vector<float> out(in[0].size(), 0);
  const auto w = weight.select(0, channel).to_vector<float>();
  for (int64_t i = 0; i < weight.size(1); ++i) {
    for (int64_t p = 0; p < weight.size(2); ++p) {
      for (int64_t x = 0; x < width; ++x) {
        const int64_t from = x + p - weight.size(2) / 2;
        if (from < 0 || from >= width) continue;
        out[x] += w[i * weight.size(2) + p] * in[first_in + i][from];
      }
    }
  }
  return out;
}

TEST(ConstantsTest, DiracPassesTheInputOn) {
  struct Case {
    Shape shape;
    int64_t groups;
  };
  for (const Case& each : {Case{{4, 4, 3}, 1}, Case{{5, 3, 5}, 1}, Case{{3, 5, 1}, 1},
                           Case{{6, 2, 3}, 3}, Case{{9, 2, 3}, 3}, Case{{4, 3, 4}, 4}}) {
    const Tensor weight = empty(each.shape);
    init::dirac_(weight, {.groups = each.groups});
    const int64_t out = each.shape[0] / each.groups, in = each.shape[1];
    std::vector<std::vector<float>> input(in * each.groups, std::vector<float>(6));
    float value = 1;
    for (auto& channel : input) {
      for (float& v : channel) v = value++;
    }
    for (int64_t o = 0; o < each.shape[0]; ++o) {
      const int64_t group = o / out, i = o % out;
      const std::vector<float> expected =
          i < in ? input[group * in + i] : std::vector<float>(6, 0.0f);
      EXPECT_EQ(convolve(weight, input, each.groups, o), expected)
          << to_string(each.shape) << " in " << each.groups << ", channel " << o;
    }
  }
}

TEST(ConstantsTest, DiracIsInTheMiddleOfEveryDimension) {
  const Tensor weight = empty({2, 2, 3, 4, 5}, {.dtype = DType::kI64});
  init::dirac_(weight, {});
  std::vector<int64_t> expected(weight.numel(), 0);
  for (const int64_t c : {0, 1}) expected[(((c * 2 + c) * 3 + 1) * 4 + 2) * 5 + 2] = 1;
  EXPECT_EQ(weight.to_vector<int64_t>(), expected);
}

TEST(ConstantsTest, DiracRefusesWhatIsNoConvolution) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const auto dirac = [&](const Shape& shape, int64_t groups) {
      init::dirac_(empty(shape, {.device = device}), {.groups = groups});
    };
    expect_error(ErrorCode::kShape, {"dirac_", "three to five dimensions, not 2", "[4, 4]", "eye_"},
                 [&] {
                   dirac({4, 4}, 1);
                 });
    expect_error(ErrorCode::kShape, {"dirac_", "not 6", "[1, 1, 1, 1, 1, 1]"}, [&] {
      dirac({1, 1, 1, 1, 1, 1}, 1);
    });
    expect_error(ErrorCode::kShape, {"dirac_", "4 output channels are not 3 groups", "[4, 4, 3]"},
                 [&] {
                   dirac({4, 4, 3}, 3);
                 });
    expect_error(ErrorCode::kValue, {"dirac_", "groups must be at least 1; it is 0", "[4, 4, 3]"},
                 [&] {
                   dirac({4, 4, 3}, 0);
                 });
  }
}

TEST(ConstantsTest, AShardMustBeTheTensors) {
  const Shard shard = {.whole = {4, 4, 3}, .offset = {2, 0, 0}, .shape = {2, 4, 3}};
  expect_error(ErrorCode::kShape, {"dirac_", "[2, 4, 3] at [2, 0, 0] of [4, 4, 3]", "[4, 4, 3]"},
               [&] {
                 init::dirac_(empty({4, 4, 3}), {}, &shard);
               });
  const Shard of_matrix = {.whole = {4, 4}, .offset = {3, 0}, .shape = {2, 4}};
  expect_error(ErrorCode::kShape, {"eye_", "does not lie in its whole"}, [&] {
    init::eye_(empty({2, 4}), &of_matrix);
  });
  const Shard of_values = {.whole = {4, 4}, .offset = {2, 0}, .shape = {2, 4}};
  expect_error(ErrorCode::kShape,
               {"constant_", "values of shape [5, 4]", "[2, 4] at [2, 0] of [4, 4]"}, [&] {
                 init::constant_(empty({2, 4}), counting({5, 4}), &of_values);
               });
}

}  // namespace
}  // namespace hollow::nn
