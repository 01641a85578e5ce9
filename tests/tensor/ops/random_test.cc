#include "tensor/ops/random.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kernels/distributions.h"
#include "kernels/philox.h"
#include "kernels/truncated_normal.h"
#include "tensor/factory.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::expect_error;
using testing::shards_of;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Case {
  const char* name;
  std::function<void(const Tensor&, RngKey, const Shard*)> fill_shard;
  std::function<void(const kernels::Philox4x32&, float (&)[4])> values;

  void fill(const Tensor& tensor, RngKey key) const { fill_shard(tensor, key, nullptr); }
};

template <typename Fill>
auto values_of(const Fill& fill) {
  return [fill](const kernels::Philox4x32& block, float(&out)[4]) {
    kernels::values_of(block, fill, out);
  };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"uniform_",
       [](const Tensor& t, RngKey key, const Shard* shard) { uniform_(t, -0.25, 3, key, shard); },
       values_of(kernels::UniformFill{kernels::make_uniform(-0.25, 3)})},
      {"normal_",
       [](const Tensor& t, RngKey key, const Shard* shard) { normal_(t, 0.5, 2, key, shard); },
       values_of(kernels::NormalFill{kernels::make_normal(0.5, 2)})},
      {"trunc_normal_",
       [](const Tensor& t, RngKey key, const Shard* shard) {
         trunc_normal_(t, 0.1, 1, -1, 2, key, shard);
       },
       values_of(kernels::TruncatedNormalFill{kernels::make_truncated_normal(0.1, 1, -1, 2)})},
      {"bernoulli_",
       [](const Tensor& t, RngKey key, const Shard* shard) { bernoulli_(t, 0.3, key, shard); },
       values_of(kernels::BernoulliFill{kernels::make_bernoulli(0.3)})},
  };
  return all;
}

// Element i is word i mod 4 of block i / 4, rounded to the dtype.
std::vector<uint64_t> expected(const Case& the_case, const Shape& shape, RngKey key, DType dtype) {
  const Tensor result = empty(shape, {.dtype = dtype});
  result.write<float>([&](absl::Span<float> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      float out[4];
      the_case.values(kernels::random_block(key.bits(), key.generation(), i / 4), out);
      values[i] = out[i % 4];
    }
  });
  return bits(result);
}

TEST(RandomTest, IsAFunctionOfKeyGenerationAndIndex) {
  const RngKey root(42);
  for (const Case& each : cases()) {
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
      for (const Shape& shape :
           {Shape{}, Shape{1}, Shape{5}, Shape{3, 7}, Shape{0, 3}, Shape{9001, 5}}) {
        for (const RngKey key : {root / "fc.weight", (root / "fc.bias").with_generation(3)}) {
          const Tensor tensor = empty(shape, {.dtype = dtype});
          each.fill(tensor, key);
          ASSERT_TRUE(bits(tensor) == expected(each, shape, key, dtype))
              << each.name << dtype << to_string(shape);
          EXPECT_EQ(tensor.state(), State::kInitialized);
        }
      }
    }
  }
}

TEST(RandomTest, CountsElementsInRowMajorOrderWhateverTheStrides) {
  const RngKey key(7);
  for (const Case& each : cases()) {
    const Tensor base = full({6, 5, 4}, -777);
    const Tensor view = base.permute({2, 0, 1}).narrow(1, 1, 4).narrow(2, 2, 3);
    each.fill(view, key);
    EXPECT_EQ(bits(view), expected(each, {4, 4, 3}, key, DType::kF32)) << each.name;
    int64_t untouched = 0;
    for (const float value : base.to_vector<float>()) untouched += value == -777;
    EXPECT_EQ(untouched, 6 * 5 * 4 - 48) << each.name;
  }
}

TEST(RandomTest, AShardIsThatPartOfTheWhole) {
  const RngKey key = RngKey(7) / "w";
  for (const Case& each : cases()) {
    for (const DType dtype : {DType::kF32, DType::kBF16}) {
      for (const Shape& shape : {Shape{7}, Shape{6, 5}, Shape{5, 3, 700}, Shape{2, 0, 3}}) {
        const Tensor whole = empty(shape, {.dtype = dtype});
        each.fill(whole, key);
        for (const Shard& shard : shards_of(shape)) {
          const Tensor part = empty(shard.shape, {.dtype = dtype});
          each.fill_shard(part, key, &shard);
          ASSERT_TRUE(bits(part) == bits(testing::box(whole, shard))) << each.name << " " << shard;
          EXPECT_TRUE(part.is_initialized());
        }
      }
    }
  }
}

TEST(RandomTest, AShardMayGoToAView) {
  const RngKey key = RngKey(7) / "w";
  const Tensor whole = empty({40, 30});
  normal_(whole, 0, 1, key);
  const Shard shard = {.whole = {40, 30}, .offset = {11, 3}, .shape = {20, 6}};
  const Tensor base = full({8, 22}, -777);
  normal_(base.transpose(0, 1).narrow(0, 1, 20).narrow(1, 1, 6), 0, 1, key, &shard);
  EXPECT_EQ(bits(base.narrow(0, 1, 6).narrow(1, 1, 20).transpose(0, 1)),
            bits(whole.narrow(0, 11, 20).narrow(1, 3, 6)));
  int64_t untouched = 0;
  for (const float value : base.to_vector<float>()) untouched += value == -777;
  EXPECT_EQ(untouched, 8 * 22 - 120);
}

TEST(RandomTest, AShardThatDoesNotFitIsAnErrorOnMetaToo) {
  const Shard shard = chunk({6, 4}, 0, 1, 2);
  for (const Device device : {Device::cpu(), Device::meta()}) {
    for (const Case& each : cases()) {
      expect_error(ErrorCode::kShape,
                   {std::string(each.name) + ":", "[3, 4] at [3, 0] of [6, 4]", "[6, 4]"}, [&] {
                     each.fill_shard(empty({6, 4}, {.device = device}), RngKey(1), &shard);
                   });
      Shard outside = shard;
      outside.offset[0] = 4;
      expect_error(ErrorCode::kShape, {std::string(each.name) + ":", "does not lie in its whole"},
                   [&] {
                     each.fill_shard(empty({3, 4}, {.device = device}), RngKey(1), &outside);
                   });
    }
  }
}

TEST(RandomTest, BernoulliIsOneOrZeroInEveryDType) {
  const RngKey key = RngKey(7) / "mask";
  const Tensor f32 = empty({10001});
  bernoulli_(f32, 0.25, key);
  double ones = 0;
  for (const float value : f32.to_vector<float>()) {
    ASSERT_TRUE(value == 0 || value == 1);
    ones += value;
  }
  EXPECT_NEAR(ones / 10001, 0.25, 0.015);
  for (const DType dtype : {DType::kF16, DType::kBF16, DType::kI64, DType::kBool}) {
    const Tensor other = empty({10001}, {.dtype = dtype});
    bernoulli_(other, 0.25, key);
    EXPECT_EQ(bits(other), bits(f32.to(dtype))) << dtype;
  }
}

TEST(RandomTest, BernoulliIsSureAtItsEnds) {
  const Tensor tensor = empty({5000});
  bernoulli_(tensor, 0, RngKey(3));
  EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(5000, 0.0f));
  bernoulli_(tensor, 1, RngKey(3));
  EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(5000, 1.0f));
  for (const double p : {-0.1, 1.1, kNaN}) {
    expect_error(ErrorCode::kValue, {"bernoulli_:", "from 0 to 1", "[5000] f32"},
                 [&] { bernoulli_(tensor, p, RngKey(3)); });
  }
}

TEST(RandomTest, WhatIsOneStaysOneUnderALargerP) {
  const Tensor rare = empty({4000}, {.dtype = DType::kI64});
  const Tensor often = empty({4000}, {.dtype = DType::kI64});
  bernoulli_(rare, 0.4, RngKey(3));
  bernoulli_(often, 0.6, RngKey(3));
  const auto few = rare.to_vector<int64_t>(), many = often.to_vector<int64_t>();
  int64_t more = 0;
  for (size_t i = 0; i < few.size(); ++i) {
    ASSERT_LE(few[i], many[i]);
    more += many[i] - few[i];
  }
  EXPECT_NEAR(static_cast<double>(more), 800, 120);
}

TEST(RandomTest, IntegersAreAllOfTheRangeAndNoOthers) {
  const Tensor tensor = empty({6000}, {.dtype = DType::kI64});
  randint_(tensor, -2, 4, RngKey(3));
  std::vector<int64_t> count(6, 0);
  for (const int64_t value : tensor.to_vector<int64_t>()) {
    ASSERT_TRUE(value >= -2 && value < 4) << value;
    ++count[static_cast<size_t>(value + 2)];
  }
  for (const int64_t each : count) EXPECT_NEAR(static_cast<double>(each), 1000, 130);
}

TEST(RandomTest, IntegersAreWordsTimesTheRange) {
  const RngKey key = (RngKey(9) / "ids").with_generation(2);
  const Tensor tensor = empty({3, 5}, {.dtype = DType::kI64});
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min();
  randint_(tensor, kLow, kLow + (int64_t{1} << 32), key);
  const auto values = tensor.to_vector<int64_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    const kernels::Philox4x32 block = kernels::random_block(key.bits(), key.generation(), i / 2);
    EXPECT_EQ(values[i], kLow + int64_t{block.word[2 * (i % 2) + 1]});
  }
  const Shard shard = chunk({3, 5}, 1, 1, 2);
  const Tensor part = empty(shard.shape, {.dtype = DType::kI64});
  randint_(part, kLow, kLow + (int64_t{1} << 32), key, &shard);
  EXPECT_EQ(bits(part), bits(tensor.narrow(1, 3, 2)));
}

TEST(RandomTest, IntegersRefuseWhatIsNoRange) {
  const Tensor tensor = empty({3}, {.dtype = DType::kI64});
  for (const int64_t high : {5, 4}) {
    expect_error(ErrorCode::kValue, {"randint_:", "less than high", "5 and", "[3] i64"},
                 [&] { randint_(tensor, 5, high, RngKey(1)); });
  }
  expect_error(ErrorCode::kDType, {"randint_:", "does not take f32"},
               [] { randint_(empty({3}), 0, 5, RngKey(1)); });
}

TEST(RandomTest, KeysAndGenerationsDoNotShareAStream) {
  for (const Case& each : cases()) {
    const auto draw = [&](RngKey key) {
      const Tensor tensor = empty({64});
      each.fill(tensor, key);
      return bits(tensor);
    };
    const RngKey key = RngKey(1) / "a";
    EXPECT_EQ(draw(key), draw(key)) << each.name;
    EXPECT_NE(draw(key), draw(RngKey(1) / "b")) << each.name;
    EXPECT_NE(draw(key), draw(RngKey(2) / "a")) << each.name;
    EXPECT_NE(draw(key), draw(key.with_generation(1))) << each.name;
  }
}

TEST(RandomTest, MetaUsesNothingUpAndStaysMeta) {
  for (const Case& each : cases()) {
    const Tensor meta = empty({5}, {.device = Device::meta()});
    each.fill(meta, RngKey(7));
    EXPECT_EQ(meta.state(), State::kMeta);
    const Tensor real = empty({5});
    each.fill(real, RngKey(7));
    EXPECT_EQ(bits(real), expected(each, {5}, RngKey(7), DType::kF32));
  }
}

TEST(RandomTest, StaysWithinItsBounds) {
  const struct {
    double mean, std, a, b;
  } kBounds[] = {{0, 1, -2, 2}, {10, 1, -2, 2}, {0, 1, 3, kInf}, {0, 1, -kInf, -3}, {5, 0.1, 5, 5}};
  for (const auto& [mean, std, a, b] : kBounds) {
    const Tensor tensor = empty({20000});
    trunc_normal_(tensor, mean, std, a, b, RngKey(3));
    for (const double value : tensor.to_vector<float>()) {
      ASSERT_GE(value, a);
      ASSERT_LE(value, b);
    }
  }
  const Tensor tensor = empty({20000});
  uniform_(tensor, 2, 3, RngKey(3));
  for (const float value : tensor.to_vector<float>()) ASSERT_TRUE(value >= 2 && value < 3) << value;
}

TEST(RandomTest, TheTailHasTheRightMean) {
  const Tensor tensor = empty({100000});
  trunc_normal_(tensor, 10, 1, -2, 2, RngKey(3));
  double sum = 0;
  for (const float value : tensor.to_vector<float>()) sum += value;
  EXPECT_NEAR(sum / 100000, 1.879, 0.002);
}

TEST(RandomTest, WithoutSpreadItIsOneValue) {
  const Tensor tensor = empty({3});
  uniform_(tensor, 2.5, 2.5, RngKey(1));
  EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(3, 2.5f));
  normal_(tensor, -1.5, 0, RngKey(1));
  EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(3, -1.5f));
  trunc_normal_(tensor, 7, 0, -2, 2, RngKey(1));
  EXPECT_EQ(tensor.to_vector<float>(), std::vector<float>(3, 2.0f));
}

TEST(RandomTest, ArgumentsOutOfRangeAreErrorsOnMetaToo) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const Tensor t = ones({3}, {.device = device});
    const RngKey key(1);
    for (const auto& [low, high] :
         {std::pair{1.0, 0.5}, {kNaN, 1.0}, {0.0, kNaN}, {-kInf, 0.0}, {0.0, kInf}, {0.0, 1e39}}) {
      expect_error(ErrorCode::kValue, {"uniform_:", "low at most high", "they are"},
                   [&, a = low, b = high] { uniform_(t, a, b, key); });
    }
    for (const auto& [mean, std] :
         {std::pair{0.0, -1.0}, {0.0, kNaN}, {kNaN, 1.0}, {kInf, 1.0}, {0.0, kInf}, {1e39, 1.0}}) {
      expect_error(ErrorCode::kValue, {"normal_:", "std not negative"},
                   [&, a = mean, b = std] { normal_(t, a, b, key); });
      expect_error(ErrorCode::kValue, {"trunc_normal_:", "std not negative"},
                   [&, a = mean, b = std] { trunc_normal_(t, a, b, -2, 2, key); });
    }
    for (const auto& [a, b] :
         {std::pair{2.0, -2.0}, {kNaN, 2.0}, {-2.0, kNaN}, {kInf, kInf}, {-kInf, -kInf}}) {
      expect_error(ErrorCode::kValue, {"trunc_normal_:", "a must be at most b"},
                   [&, low = a, high = b] { trunc_normal_(t, 0, 1, low, high, key); });
    }
  }
}

TEST(RandomTest, ErrorsAreTheSameOnMeta) {
  for (const Case& each : cases()) {
    const std::string name = std::string(each.name) + ":";
    for (const Device device : {Device::cpu(), Device::meta()}) {
      const std::string on = " on " + to_string(device);
      if (name != "bernoulli_:") {
        expect_error(ErrorCode::kDType, {name, "does not take i64", "[3] i64" + on}, [&] {
          each.fill(zeros({3}, {.dtype = DType::kI64, .device = device}), RngKey(1));
        });
      }
      expect_error(ErrorCode::kAlias, {name, "repeats", "[2, 3] f32" + on}, [&] {
        each.fill(zeros({3}, {.device = device}).expand({2, 3}), RngKey(1));
      });
    }
  }
}

}  // namespace
}  // namespace hollow
