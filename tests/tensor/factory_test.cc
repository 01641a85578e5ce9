// The factories of tensor/factory.h and tensor/empty.h.

#include "tensor/factory.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/memory.h"
#include "tensor/ops/random.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using Values = std::vector<int64_t>;

constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16,
                          DType::kF64, DType::kI64, DType::kBool};

TEST(EmptyTest, IsMemoryWithoutValues) {
  for (const DType dtype : kAll) {
    const MemoryStats before = memory_stats(Device::cpu());
    const Tensor tensor = empty({3, 5}, {.dtype = dtype});
    EXPECT_EQ(tensor.state(), State::kAllocated);
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_TRUE(tensor.is_contiguous());
    EXPECT_EQ(memory_stats(Device::cpu()).bytes,
              before.bytes + 15 * static_cast<int64_t>(item_size(dtype)));
  }
  EXPECT_EQ(empty({}).numel(), 1);
  EXPECT_EQ(empty({0, 3}).state(), State::kInitialized);
}

TEST(EmptyTest, TakesTheDefaultDeviceUnlessOneIsGiven) {
  EXPECT_EQ(empty({2}).device(), Device::cpu());
  const DeviceScope scope(Device::meta());
  EXPECT_EQ(empty({2}).device(), Device::meta());
  EXPECT_EQ(empty({2}, {.device = Device::cpu()}).device(), Device::cpu());
}

TEST(EmptyTest, ErrorsAreThoseOfTheHeader) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const TensorOptions options = {.device = device};
    expect_error(ErrorCode::kShape, {"empty:", "[2, -1]", "negative"}, [&] {
      empty({2, -1}, options);
    });
    expect_error(ErrorCode::kShape, {"empty:", "elements"},
                 [&] { empty({int64_t{1} << 61}, options); });
    expect_error(ErrorCode::kShape, {"empty:", "9 dimensions"}, [&] {
      empty({1, 1, 1, 1, 1, 1, 1, 1, 1}, options);
    });
    expect_error(ErrorCode::kDType, {"i64", "floating"}, [&] {
      empty({2}, {.dtype = DType::kI64, .device = device, .requires_grad = true});
    });
  }
  expect_error(ErrorCode::kDevice, {"empty:"}, [] { empty({2}, {.device = Device::cuda(127)}); });
  expect_error(ErrorCode::kOutOfMemory, {"empty:", "bytes"}, [] { empty({int64_t{1} << 50}); });
}

TEST(EmptyTest, RequiresGradIsGiven) {
  EXPECT_TRUE(empty({2}, {.requires_grad = true}).requires_grad());
  EXPECT_TRUE(ones({2}, {.device = Device::meta(), .requires_grad = true}).requires_grad());
  EXPECT_FALSE(empty({2}).requires_grad());
}

TEST(EmptyLikeTest, KeepsDenseStridesDTypeAndDevice) {
  const TensorOptions options = {.dtype = DType::kBF16, .device = Device::meta()};
  const Tensor turned = empty({2, 3, 4}, options).permute({2, 0, 1});
  const Tensor alike = empty_like(turned);
  EXPECT_EQ(alike.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(alike.strides(), (Strides{1, 12, 4}));
  EXPECT_EQ(alike.dtype(), DType::kBF16);
  EXPECT_TRUE(alike.is_meta());
  EXPECT_NE(alike.storage(), turned.storage());
  EXPECT_EQ(empty_like(turned.narrow(0, 1, 2)).strides(), (Strides{6, 3, 1}));
  EXPECT_EQ(empty_like(empty({3}, options).expand({2, 3})).strides(), (Strides{3, 1}));
  const Tensor other = empty_like(turned, {.dtype = DType::kI64, .device = Device::cpu()});
  EXPECT_EQ(other.strides(), (Strides{1, 12, 4}));
  EXPECT_EQ(other.dtype(), DType::kI64);
  EXPECT_EQ(other.state(), State::kAllocated);
}

TEST(FullTest, FillsEveryDType) {
  for (const DType dtype : kAll) {
    const TensorOptions options = {.dtype = dtype};
    EXPECT_EQ(zeros({2, 2}, options).to_vector<int64_t>(), (Values{0, 0, 0, 0})) << dtype;
    EXPECT_EQ(ones({3}, options).to_vector<int64_t>(), (Values{1, 1, 1})) << dtype;
    EXPECT_EQ(full({}, true, options).item<int64_t>(), 1) << dtype;
  }
  EXPECT_EQ(full({2}, -7, {.dtype = DType::kI64}).to_vector<int64_t>(), (Values{-7, -7}));
  EXPECT_EQ(full({1}, 1e-5f).item<float>(), 1e-5f);
  const Tensor turned = counting({2, 3}, {.dtype = DType::kF16}).transpose(0, 1);
  EXPECT_EQ(full_like(turned, 4).to_vector<int64_t>(), (Values{4, 4, 4, 4, 4, 4}));
  EXPECT_EQ(zeros_like(turned).strides(), (Strides{1, 3}));
  EXPECT_EQ(ones_like(turned).dtype(), DType::kF16);
  EXPECT_EQ(zeros_like(turned).to_vector<int64_t>()[5], 0);
  EXPECT_EQ(ones_like(turned).to_vector<int64_t>()[5], 1);
}

TEST(FullTest, AValueThatDoesNotFitIsAnErrorOnMetaToo) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const TensorOptions integer = {.dtype = DType::kI64, .device = device};
    expect_error(ErrorCode::kValue, {"full:", "0.5", "i64"}, [&] { full({2}, 0.5, integer); });
    expect_error(ErrorCode::kValue, {"nan", "i64"},
                 [&] { full_like(empty({2}, integer), std::nan("")); });
  }
}

TEST(FromValuesTest, KeepsEveryValue) {
  const Tensor table = from_values<float>({0.1f, -0.0f, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(table.shape(), (Shape{2, 3}));
  EXPECT_EQ(bits(table)[1], 0x80000000u);
  EXPECT_EQ(table.select(0, 1).to_vector<float>(), (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(from_values<int64_t>({7, 8}).shape(), (Shape{2}));
  EXPECT_EQ(from_values<bool>({true, false, true}, {.dtype = DType::kF32}).dtype(), DType::kBool);
  EXPECT_EQ(from_values<Half>({Half(2.0f)}).to_vector<int64_t>(), Values{2});
  EXPECT_EQ(from_values<float>({}).numel(), 0);
}

TEST(FromValuesTest, CountsThemOnMetaToo) {
  const TensorOptions meta = {.device = Device::meta()};
  EXPECT_TRUE(from_values<float>({1, 2}, meta).is_meta());
  for (const TensorOptions& options : {TensorOptions{}, meta}) {
    expect_error(ErrorCode::kShape, {"from_values:", "[2, 2]", "4 elements", "3 values"}, [&] {
      from_values<float>({1, 2, 3}, {2, 2}, options);
    });
    expect_error(ErrorCode::kShape, {"from_values:", "negative"},
                 [&] { from_values<float>({1}, {-1}, options); });
  }
}

TEST(RandomFactoryTest, AreTheKeysStream) {
  const RngKey key = RngKey(3) / "w";
  const Tensor uniform = empty({5, 7});
  uniform_(uniform, 0, 1, key);
  EXPECT_EQ(bits(rand({5, 7}, key)), bits(uniform));
  const Tensor normal = empty({5, 7}, {.dtype = DType::kBF16});
  normal_(normal, 0, 1, key);
  EXPECT_EQ(bits(randn({5, 7}, key, {.dtype = DType::kBF16})), bits(normal));
  EXPECT_NE(bits(rand({5, 7}, key)), bits(rand({5, 7}, key.with_generation(1))));
  EXPECT_TRUE(randn({1 << 20, 1 << 20}, key, {.device = Device::meta()}).is_meta());
}

TEST(RandomFactoryTest, TakeFloatsAlone) {
  for (const Device device : {Device::cpu(), Device::meta()}) {
    const TensorOptions integer = {.dtype = DType::kI64, .device = device};
    expect_error(ErrorCode::kDType, {"rand:", "i64", "f32, f16, bf16"},
                 [&] { rand({2}, RngKey(0), integer); });
    expect_error(ErrorCode::kDType, {"randn:", "i64"}, [&] { randn({2}, RngKey(0), integer); });
  }
}

TEST(FactoryTest, MetaAllocatesNothing) {
  const MemoryStats before = memory_stats(Device::cpu());
  {
    const DeviceScope scope(Device::meta());
    const Shape huge = {int64_t{1} << 30, int64_t{1} << 29};
    const auto expect_huge = [](const Tensor& tensor) {
      EXPECT_EQ(tensor.state(), State::kMeta);
      EXPECT_EQ(tensor.nbytes(), int64_t{1} << 61);
      EXPECT_TRUE(ones_like(tensor).is_meta());
    };
    expect_huge(empty(huge));
    expect_huge(zeros(huge));
    expect_huge(ones(huge));
    expect_huge(full(huge, 3));
    expect_huge(rand(huge, RngKey(0)));
    expect_huge(randn(huge, RngKey(0)));
  }
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations);
}

}  // namespace
}  // namespace hollow
