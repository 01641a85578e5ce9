#include "tensor/ops/elementwise.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "tensor/dtype_visit.h"
#include "tensor/factory.h"
#include "tests/tensor/ops/random_view.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using testing::random_view;
using Values = std::vector<int64_t>;

constexpr DType kNumbers[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI64};

struct Op {
  const char* name;
  Tensor (*make)(const Tensor&, const Tensor&);
  void (*into)(const Tensor&, const Tensor&);
  double (*real)(double, double);
  uint64_t (*integer)(uint64_t, uint64_t);
};

const Op kOps[] = {
    {"add", add, add_, [](double a, double b) { return a + b; },
     [](uint64_t a, uint64_t b) { return a + b; }},
    {"mul", mul, mul_, [](double a, double b) { return a * b; },
     [](uint64_t a, uint64_t b) { return a * b; }},
};

// Of two f32, the f64 result rounded to f32 is the f32 result; low precision rounds that once more.
std::vector<uint64_t> reference(const Op& op, const Tensor& a, const Tensor& b,
                                const Shape& shape) {
  const Tensor result = empty(shape, {.dtype = a.dtype()});
  visit_dtype<Numbers>("reference", a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const std::vector<T> from_a = a.expand(shape).to_vector<T>();
    const std::vector<T> from_b = b.expand(shape).to_vector<T>();
    result.write<T>([&](absl::Span<T> values) {
      for (size_t i = 0; i < values.size(); ++i) {
        if constexpr (std::is_same_v<T, int64_t>) {
          values[i] = static_cast<T>(
              op.integer(static_cast<uint64_t>(from_a[i]), static_cast<uint64_t>(from_b[i])));
        } else {
          using C = kernels::Compute<T>;
          values[i] =
              T(static_cast<C>(op.real(static_cast<C>(from_a[i]), static_cast<C>(from_b[i]))));
        }
      }
    });
  });
  return bits(result);
}

TEST(ElementwiseTest, IsTheReferenceWithBroadcastingAndAnyStrides) {
  const struct {
    Shape a, b, result;
  } kShapes[] = {
      {{5, 7}, {5, 7}, {5, 7}},
      {{5, 7}, {7}, {5, 7}},
      {{5, 1}, {1, 7}, {5, 7}},
      {{3}, {2, 4, 1}, {2, 4, 3}},
      {{}, {4, 3}, {4, 3}},
      {{}, {}, {}},
      {{1}, {}, {1}},
      {{0, 3}, {3}, {0, 3}},
      {{2, 0}, {1, 1}, {2, 0}},
      {{3, 2, 1, 4, 2}, {5, 1, 2}, {3, 2, 5, 4, 2}},
      {{2, 1, 2, 1, 2, 1, 2, 1}, {1, 2, 1, 2, 1, 2, 1, 2}, {2, 2, 2, 2, 2, 2, 2, 2}},
  };
  std::mt19937_64 random(11);
  for (const Op& op : kOps) {
    for (const DType dtype : kNumbers) {
      for (const auto& [shape_a, shape_b, shape] : kShapes) {
        const Tensor a = random_view(shape_a, dtype, random);
        const Tensor b = random_view(shape_b, dtype, random);
        const Tensor y = op.make(a, b);
        ASSERT_EQ(y.shape(), shape) << op.name << dtype;
        EXPECT_EQ(y.strides(), contiguous_strides(shape));
        EXPECT_EQ(y.dtype(), dtype);
        EXPECT_EQ(y.state(), State::kInitialized);
        ASSERT_EQ(bits(y), reference(op, a, b, shape)) << op.name << " " << dtype;
      }
    }
  }
}

TEST(ElementwiseTest, F64KeepsItsDigits) {
  const TensorOptions f64 = {.dtype = DType::kF64};
  const Tensor third = full({3}, 1.0 / 3, f64);
  const std::vector<double> thirds(3, 1.0 / 3), sums(3, 1.0 / 3 + 0.1), products(3, 1.0 / 3 * 0.1);
  EXPECT_EQ(third.to_vector<double>(), thirds);
  EXPECT_EQ(add(third, 0.1).to_vector<double>(), sums);
  EXPECT_EQ(mul(third, full({}, 0.1, f64)).to_vector<double>(), products);
  EXPECT_EQ(third.to(DType::kF32).to_vector<double>(), std::vector<double>(3, 1.0f / 3));
  EXPECT_EQ(third.clone().to_vector<float>(), std::vector<float>(3, 1.0f / 3));
  const Tensor large = from_values<int64_t>({(int64_t{1} << 53) - 1, -3}).to(DType::kF64);
  EXPECT_EQ(large.to_vector<int64_t>(), (std::vector<int64_t>{(int64_t{1} << 53) - 1, -3}));
}

TEST(ElementwiseTest, LargeEnoughForThreads) {
  std::mt19937_64 random(12);
  for (const DType dtype : {DType::kF32, DType::kBF16}) {
    const Tensor a = random_view({401, 503}, dtype, random);
    const Tensor b = random_view({503}, dtype, random);
    EXPECT_TRUE(bits(add(a, b)) == reference(kOps[0], a, b, a.shape())) << dtype;
  }
}

TEST(ElementwiseTest, InPlaceTouchesItsOwnElementsAlone) {
  std::mt19937_64 random(13);
  for (const Op& op : kOps) {
    for (const DType dtype : kNumbers) {
      const Tensor base = counting({6, 5, 4}, {.dtype = dtype});
      const Tensor a = base.transpose(0, 2).narrow(0, 1, 2).narrow(2, 1, 3);
      const Tensor b = random_view({5, 1}, dtype, random);
      const std::vector<uint64_t> expected = reference(op, a, b, a.shape());
      op.into(a, b);
      EXPECT_EQ(bits(a), expected) << op.name << dtype;
      const Tensor untouched = counting({6, 5, 4}, {.dtype = dtype});
      for (const auto& [dim, index] : {std::pair{2, 0}, {2, 3}, {0, 0}, {0, 4}, {0, 5}}) {
        EXPECT_EQ(bits(base.select(dim, index)), bits(untouched.select(dim, index)));
      }
    }
  }
}

TEST(ElementwiseTest, ExactAliasingIsFine) {
  const Tensor a = counting({3, 1});
  add_(a, a);
  EXPECT_EQ(a.to_vector<int64_t>(), (Values{2, 4, 6}));
  mul_(a, a.transpose(0, 1).reshape({3, 1}));
  EXPECT_EQ(a.to_vector<int64_t>(), (Values{4, 16, 36}));
  const Tensor row = counting({1, 3});
  add_(row, row.reshape({3}));
  EXPECT_EQ(row.to_vector<int64_t>(), (Values{2, 4, 6})) << "a dimension of 1 changes nothing";
  const Tensor table = counting({2, 3});
  add_(table.select(1, 0), table.select(1, 2));
  EXPECT_EQ(table.to_vector<int64_t>(), (Values{4, 2, 3, 10, 5, 6}));
}

TEST(ElementwiseTest, Scalars) {
  EXPECT_EQ(add(counting({3}), 0.5).to_vector<float>(), (std::vector<float>{1.5, 2.5, 3.5}));
  EXPECT_EQ(mul(counting({3}).expand({2, 3}), -2).to_vector<int64_t>(),
            (Values{-2, -4, -6, -2, -4, -6}));
  const Tensor integer = counting({3}, {.dtype = DType::kI64});
  add_(integer, INT64_MAX);
  EXPECT_EQ(integer.to_vector<int64_t>(), (Values{INT64_MIN, INT64_MIN + 1, INT64_MIN + 2}));
  mul_(integer, 2);
  EXPECT_EQ(integer.to_vector<int64_t>(), (Values{0, 2, 4}));
  const Tensor meta = empty({3}, {.dtype = DType::kF16, .device = Device::meta()});
  EXPECT_TRUE(add(meta, 1).is_meta());
  EXPECT_EQ(mul(meta, 2).dtype(), DType::kF16);
}

// Computed in f32 and rounded once: 70000 is no f16, and 1 + 2^-11 is the middle of two.
TEST(ElementwiseTest, ScalarsAreNotRoundedBefore) {
  const Tensor half = full({1}, 0x1p-10, {.dtype = DType::kF16});
  EXPECT_EQ(mul(half, 70000).item<float>(), 68.375f);
  EXPECT_EQ(add(half, 1.0 + 0x1p-11).item<float>(), 1.0f + 0x1p-9f);
}

TEST(ElementwiseTest, ErrorsAreTheSameOnMeta) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const std::string on = " on " + to_string(device);
    const Tensor a = ones({2, 3}, {.device = device});
    const Tensor b = ones({4}, {.device = device});
    const Tensor half = ones({2, 3}, {.dtype = DType::kF16, .device = device});
    const Tensor flags = ones({2, 3}, {.dtype = DType::kBool, .device = device});
    const Tensor integer = ones({2, 3}, {.dtype = DType::kI64, .device = device});
    for (const Op& op : kOps) {
      const std::string name = op.name;
      expect_error(ErrorCode::kShape,
                   {name + ":", "[2, 3] f32" + on, "[4] f32" + on, "neither is 1"},
                   [&] { op.make(a, b); });
      expect_error(ErrorCode::kShape, {name + "_:", "[2, 3] f32" + on, "[4] f32" + on},
                   [&] { op.into(a, b); });
      expect_error(ErrorCode::kShape, {name + "_:", "[4, 2, 3]"}, [&] {
        op.into(a, ones({4, 2, 3}, {.device = device}));
      });
      expect_error(ErrorCode::kDType,
                   {name + ":", "[2, 3] f32" + on, "[2, 3] f16" + on, "to(dtype)"},
                   [&] { op.make(a, half); });
      expect_error(ErrorCode::kDType, {name + ":", "does not take bool", "[2, 3] bool" + on},
                   [&] { op.make(flags, flags); });
      expect_error(ErrorCode::kAlias, {name + "_:", "repeats", "[2, 2, 3] f32" + on}, [&] {
        op.into(a.expand({2, 2, 3}), a);
      });
      expect_error(ErrorCode::kAlias, {name + "_:", "overlaps", "[2] f32" + on, "clone()"},
                   [&] { op.into(b.narrow(0, 0, 2), b.narrow(0, 1, 2)); });
    }
    expect_error(ErrorCode::kValue, {"add:", "0.5", "i64"}, [&] { add(integer, 0.5); });
    expect_error(ErrorCode::kValue, {"mul_:", "nan", "i64", "[2, 3] i64" + on},
                 [&] { mul_(integer, std::nan("")); });
    const Tensor other = device.is_meta() ? ones({2, 3}) : ones({2, 3}, {.device = Device::meta()});
    expect_error(ErrorCode::kDevice, {"add:", "[2, 3] f32 on cpu", "[2, 3] f32 on meta"},
                 [&] { add(a, other); });
    expect_error(ErrorCode::kDevice, {"mul_:", "on cpu", "on meta"}, [&] { mul_(a, other); });
  }
}

TEST(ElementwiseTest, WantsValuesAndChangesNothingWithoutThem) {
  const Tensor unwritten = empty({3});
  const Tensor a = counting({3});
  for (const Op& op : kOps) {
    const std::string name = op.name;
    for (const auto& call : {std::pair{a, unwritten}, {unwritten, a}}) {
      expect_error(ErrorCode::kUninitialized, {name + ":", "[3] f32 on cpu (allocated)", "fill_()"},
                   [&] { op.make(call.first, call.second); });
      expect_error(ErrorCode::kUninitialized, {name + "_:", "[3] f32 on cpu (allocated)"},
                   [&] { op.into(call.first, call.second); });
    }
  }
  EXPECT_EQ(a.to_vector<int64_t>(), (Values{1, 2, 3}));
  EXPECT_EQ(unwritten.state(), State::kAllocated);
}

}  // namespace
}  // namespace hollow
