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
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::expect_error;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Case {
  const char* name;
  std::function<void(const Tensor&, RngKey)> fill;
  std::function<void(const kernels::Philox4x32&, float (&)[4])> values;
};

template <typename Fill>
auto values_of(const Fill& fill) {
  return [fill](const kernels::Philox4x32& block, float(&out)[4]) {
    kernels::values_of(block, fill, out);
  };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"uniform_", [](const Tensor& t, RngKey key) { uniform_(t, -0.25, 3, key); },
       values_of(kernels::UniformFill{kernels::make_uniform(-0.25, 3)})},
      {"normal_", [](const Tensor& t, RngKey key) { normal_(t, 0.5, 2, key); },
       values_of(kernels::NormalFill{kernels::make_normal(0.5, 2)})},
      {"trunc_normal_", [](const Tensor& t, RngKey key) { trunc_normal_(t, 0.1, 1, -1, 2, key); },
       values_of(kernels::TruncatedNormalFill{kernels::make_truncated_normal(0.1, 1, -1, 2)})},
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
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
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
    const Tensor base = zeros({6, 5, 4});
    const Tensor view = base.permute({2, 0, 1}).narrow(1, 1, 4).narrow(2, 2, 3);
    each.fill(view, key);
    EXPECT_EQ(bits(view), expected(each, {4, 4, 3}, key, DType::kF32)) << each.name;
    int64_t zeros_left = 0;
    for (const float value : base.to_vector<float>()) zeros_left += value == 0;
    EXPECT_EQ(zeros_left, 6 * 5 * 4 - 48) << each.name;
  }
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
      expect_error(ErrorCode::kDType, {name, "does not take i64", "[3] i64" + on}, [&] {
        each.fill(zeros({3}, {.dtype = DType::kI64, .device = device}), RngKey(1));
      });
      expect_error(ErrorCode::kAlias, {name, "repeats", "[2, 3] f32" + on}, [&] {
        each.fill(zeros({3}, {.device = device}).expand({2, 3}), RngKey(1));
      });
    }
  }
}

}  // namespace
}  // namespace hollow
