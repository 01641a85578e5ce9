#include "tensor/memory.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "gtest/gtest.h"
#include "kernels/failure.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

int64_t bytes_now() { return memory_stats(Device::cpu()).bytes; }

TEST(MemoryTest, IsCountedWhileItLives) {
  const MemoryStats before = memory_stats(Device::cpu());
  {
    const Memory memory(Device::cpu(), 1000);
    ASSERT_NE(memory.data(), nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data()) % 64, 0u);
    EXPECT_EQ(memory.device(), Device::cpu());
    EXPECT_EQ(bytes_now(), before.bytes + 1000);
    EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + 1);
  }
  EXPECT_EQ(bytes_now(), before.bytes);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + 1);
}

TEST(MemoryTest, PeakIsTheMostAtOnce) {
  constexpr int64_t kSize = 1 << 20;
  const int64_t before = bytes_now();
  {
    const Memory first(Device::cpu(), 2 * kSize);
    const Memory second(Device::cpu(), 3 * kSize);
  }
  const int64_t peak = memory_stats(Device::cpu()).peak_bytes;
  EXPECT_GE(peak, before + 5 * kSize);
  { const Memory small(Device::cpu(), kSize); }
  EXPECT_EQ(memory_stats(Device::cpu()).peak_bytes, peak);
}

TEST(MemoryTest, MovesWithoutASecondOwner) {
  const int64_t before = bytes_now();
  {
    Memory first(Device::cpu(), 100);
    void* const data = first.data();
    Memory second(std::move(first));
    EXPECT_EQ(second.data(), data);
    Memory third;
    EXPECT_EQ(third.data(), nullptr);
    EXPECT_EQ(third.device(), Device::meta());
    third = std::move(second);
    EXPECT_EQ(third.data(), data);
    EXPECT_EQ(bytes_now(), before + 100);
  }
  EXPECT_EQ(bytes_now(), before);
}

TEST(MemoryTest, DetachedMemoryIsOwedAnAdoption) {
  const int64_t before = bytes_now();
  Memory memory(Device::cpu(), 100);
  void* const data = memory.detach();
  EXPECT_EQ(memory.data(), nullptr);
  { const Memory gone = std::move(memory); }
  EXPECT_EQ(bytes_now(), before + 100);
  std::memset(data, 1, 100);
  Memory::adopt(Device::cpu(), 0, data, 100);
  EXPECT_EQ(bytes_now(), before);
  Memory::adopt(Device::cpu(), 0, nullptr, 100);
  EXPECT_EQ(bytes_now(), before);
}

TEST(MemoryTest, NoBytesAreNoAllocation) {
  const MemoryStats before = memory_stats(Device::cpu());
  const Memory memory(Device::cpu(), 0);
  EXPECT_EQ(memory.data(), nullptr);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations);
}

TEST(MemoryTest, TooMuchIsAFailureAndChangesNothing) {
  const MemoryStats before = memory_stats(Device::cpu());
  EXPECT_THROW(Memory(Device::cpu(), int64_t{1} << 52), kernels::Failure);
  const MemoryStats after = memory_stats(Device::cpu());
  EXPECT_EQ(after.bytes, before.bytes);
  EXPECT_EQ(after.peak_bytes, before.peak_bytes);
  EXPECT_EQ(after.allocations, before.allocations);
}

TEST(MemoryTest, ATensorThatDoesNotFitIsAnErrorAndChangesNothing) {
  const MemoryStats before = memory_stats(Device::cpu());
  expect_error(ErrorCode::kOutOfMemory, {"empty", "4503599627370496 bytes", "cpu"},
               [] { empty({int64_t{1} << 50}); });
  EXPECT_EQ(bytes_now(), before.bytes);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations);
}

TEST(MemoryTest, MetaHoldsNothingForEver) {
  const Tensor large = zeros({int64_t{1} << 40, 1 << 10}, {.device = Device::meta()});
  EXPECT_EQ(large.nbytes(), int64_t{1} << 52);
  const MemoryStats stats = memory_stats(Device::meta());
  EXPECT_EQ(stats.bytes, 0);
  EXPECT_EQ(stats.peak_bytes, 0);
  EXPECT_EQ(stats.allocations, 0);
}

TEST(MemoryTest, HandlesShareOneAllocation) {
  const int64_t before = bytes_now();
  {
    const Tensor tensor = empty({100}, {.dtype = DType::kI64});
    const Tensor same = tensor;
    const Tensor part = tensor.narrow(0, 3, 5);
    EXPECT_EQ(bytes_now(), before + 800);
  }
  EXPECT_EQ(bytes_now(), before);
}

}  // namespace
}  // namespace hollow
