#include "tensor/memory.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/pages.h"
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

TEST(MemoryTest, IsCountedWhoeverFreesIt) {
  for (const int64_t size : {100, 1 << 20}) {
    const MemoryStats before = memory_stats(Device::cpu());
    Memory mine(Device::cpu(), size);
    Memory others;
    std::thread([&] {
      { const Memory freed = std::move(mine); }
      others = Memory(Device::cpu(), size);
    }).join();
    EXPECT_EQ(bytes_now(), before.bytes + size);
    { const Memory freed = std::move(others); }
    EXPECT_EQ(bytes_now(), before.bytes);
    EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + 2);
  }
}

// Small ones are counted in another way until there is a limit.
TEST(MemoryTest, ALimitCountsWhatWasThereBefore) {
  const int64_t before = bytes_now();
  const Memory small(Device::cpu(), 1000);
  set_memory_limit(Device::cpu(), before + 1500);
  EXPECT_THROW(Memory(Device::cpu(), 600), kernels::Failure);
  {
    const Memory fits(Device::cpu(), 500);
    EXPECT_THROW(Memory(Device::cpu(), 1), kernels::Failure);
  }
  set_memory_limit(Device::cpu(), std::nullopt);
  EXPECT_EQ(bytes_now(), before + 1000);
}

TEST(MemoryTest, MovesWithoutASecondOwner) {
  const int64_t before = bytes_now();
  {
    Memory first(Device::cpu(), 100);
    const void* const data = first.data();
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

TEST(MemoryTest, IsZeroUntilSomebodyMayWrite) {
  constexpr int64_t kLarge = 8 << 20;
  kernels::drop_kept_pages();
  Memory fresh(Device::cpu(), kLarge);
  ASSERT_TRUE(fresh.is_zero());
  EXPECT_NE(fresh.data(), nullptr);
  EXPECT_TRUE(fresh.is_zero());
  Memory moved(std::move(fresh));
  EXPECT_TRUE(moved.is_zero());
  EXPECT_FALSE(fresh.is_zero());
  EXPECT_EQ(moved.mutable_data(), moved.data());
  EXPECT_FALSE(moved.is_zero());

  Memory other(Device::cpu(), kLarge);
  ASSERT_TRUE(other.is_zero());
  EXPECT_FALSE(Memory::adopt(Device::cpu(), 0, other.detach(), kLarge).is_zero());
  EXPECT_FALSE(Memory(Device::cpu(), kLarge).is_zero()) << "it has been another's";
  EXPECT_FALSE(Memory(Device::cpu(), 1000).is_zero());
  EXPECT_FALSE(Memory(Device::cpu(), 0).is_zero());
  EXPECT_FALSE(Memory().is_zero());
}

TEST(MemoryTest, WhatIsKeptForReuseIsNoTensors) {
  constexpr int64_t kLarge = 8 << 20;
  const MemoryStats before = memory_stats(Device::cpu());
  const void* data = nullptr;
  {
    const Memory memory(Device::cpu(), kLarge);
    data = memory.data();
  }
  EXPECT_EQ(bytes_now(), before.bytes);
  set_memory_limit(Device::cpu(), before.bytes + kLarge);
  {
    const Memory again(Device::cpu(), kLarge);
    EXPECT_EQ(again.data(), data);
    EXPECT_EQ(bytes_now(), before.bytes + kLarge);
    EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + 2);
  }
  set_memory_limit(Device::cpu(), std::nullopt);
}

TEST(MemoryTest, EmptyCacheGivesBackWhatIsKept) {
  constexpr int64_t kLarge = 8 << 20;
  Memory(Device::cpu(), kLarge).mutable_data();
  EXPECT_FALSE(Memory(Device::cpu(), kLarge).is_zero());
  empty_cache(Device::cpu());
  EXPECT_TRUE(Memory(Device::cpu(), kLarge).is_zero());
  empty_cache(Device::meta());
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
  EXPECT_THROW(Memory(Device::cpu(), std::numeric_limits<int64_t>::max() - 7), kernels::Failure);
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

// Ends with the block, whatever the test does.
class MemoryLimit {
 public:
  explicit MemoryLimit(int64_t bytes) { set_memory_limit(Device::cpu(), bytes); }
  ~MemoryLimit() { set_memory_limit(Device::cpu(), std::nullopt); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

TEST(MemoryLimitTest, HoldsForAllTensorsTogether) {
  const MemoryStats before = memory_stats(Device::cpu());
  {
    const MemoryLimit limit(before.bytes + 100);
    const Tensor first = empty({60}, {.dtype = DType::kBool});
    expect_error(ErrorCode::kOutOfMemory,
                 {"empty:", "[41] bool on cpu", "41 bytes", "set_memory_limit"},
                 [] { empty({41}, {.dtype = DType::kBool}); });
    EXPECT_EQ(bytes_now(), before.bytes + 60);
    EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + 1);
    // Exactly what is left.
    const Tensor second = empty({40}, {.dtype = DType::kBool});
    EXPECT_EQ(bytes_now(), before.bytes + 100);
    expect_error(ErrorCode::kOutOfMemory, {}, [] { empty({1}, {.dtype = DType::kBool}); });
  }
  EXPECT_EQ(bytes_now(), before.bytes);
}

TEST(MemoryLimitTest, WhatIsFreedCanBeHadAgain) {
  const MemoryLimit limit(bytes_now() + 100);
  for (int i = 0; i < 5; ++i) {
    const Tensor tensor = empty({100}, {.dtype = DType::kBool});
    expect_error(ErrorCode::kOutOfMemory, {}, [] { empty({1}, {.dtype = DType::kBool}); });
  }
}

TEST(MemoryLimitTest, TheLastOneGivenCountsAndNoneIsNone) {
  const int64_t before = bytes_now();
  const MemoryLimit limit(before);
  expect_error(ErrorCode::kOutOfMemory, {}, [] { empty({1}); });
  set_memory_limit(Device::cpu(), before + 4);
  { const Tensor tensor = empty({1}); }
  set_memory_limit(Device::cpu(), std::nullopt);
  { const Tensor tensor = empty({100}); }
}

TEST(MemoryLimitTest, WhatIsThereStays) {
  const Tensor tensor = from_values<float>({1, 2, 3});
  {
    const MemoryLimit limit(0);
    EXPECT_EQ(tensor.select(0, 2).data<float>()[0], 3.0f);
    expect_error(ErrorCode::kOutOfMemory, {}, [] { empty({1}, {.dtype = DType::kBool}); });
  }
  EXPECT_EQ(tensor.to_vector<float>(), (std::vector<float>{1, 2, 3}));
}

TEST(MemoryLimitTest, NoBytesAreNeverTooMany) {
  const Tensor tensor = empty({3});
  const MemoryLimit limit(0);  // less than there is
  const Tensor none = empty({0});
  EXPECT_EQ(none.state(), State::kInitialized);
}

TEST(MemoryLimitTest, ANegativeOneIsRefused) {
  expect_error(ErrorCode::kValue, {"set_memory_limit:", "-1 bytes on cpu"},
               [] { set_memory_limit(Device::cpu(), -1); });
  EXPECT_NO_THROW(empty({100}));
}

TEST(MemoryLimitTest, MetaNeedsNone) {
  set_memory_limit(Device::meta(), 0);
  const Tensor large = empty({int64_t{1} << 50}, {.device = Device::meta()});
  EXPECT_TRUE(large.is_meta());
  EXPECT_EQ(memory_stats(Device::meta()).bytes, 0);
  set_memory_limit(Device::meta(), std::nullopt);
}

TEST(MemoryLimitTest, ManyThreadsDoNotGoOverIt) {
  constexpr int kThreads = 8, kFit = 1, kRounds = 100000;
  const int64_t before = bytes_now();
  {
    const MemoryLimit limit(before + kFit * 100 + 99);
    std::barrier start(kThreads);
    std::atomic<int> held = 0, most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int round = 0; round < kRounds; ++round) {
          try {
            const Memory memory(Device::cpu(), 100);
            const int now = ++held;
            if (now > most) most = now;
            --held;  // before the memory goes, so that it is never more than what there is
          } catch (const kernels::Failure& failure) {
            EXPECT_EQ(failure.kind(), kernels::Failure::Kind::kOutOfMemory);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(most, kFit);
    EXPECT_GE(most, 1);
  }
  EXPECT_EQ(bytes_now(), before);
}

}  // namespace
}  // namespace hollow
