// Nothing here waits for time to pass: where a test cannot see that another thread waits already,
// both outcomes are right, and the wrong ones are looked for.
#include "tensor/claim.h"

#include <atomic>
#include <barrier>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

Tensor slot(absl::string_view name) {
  return empty_slot("test",
                    {.name = name, .key = RngKey(0), .writer = {}, .shape = {3}, .kin = nullptr},
                    {.device = Device::cpu()});
}

TEST(ClaimTest, CanBeHadAgainOnceItEnded) {
  const Tensor tensor = empty({3});
  { const Claim claim("test", *tensor.storage()); }
  { const Claim claim("test", *tensor.storage()); }
  std::thread([&] { const Claim claim("test", *tensor.storage()); }).join();
}

TEST(ClaimTest, OfDifferentStoragesDoNotMeet) {
  const Tensor a = empty({3}), b = empty({3});
  const Claim claim("test", *a.storage());
  const Claim other("test", *b.storage());
  const Tensor c = empty({3});
  std::thread([&] { const Claim third("test", *c.storage()); }).join();
}

TEST(ClaimTest, AnotherThreadWaitsUntilItEnds) {
  const Tensor tensor = empty({3});
  std::optional<Claim> claim(std::in_place, "test", *tensor.storage());
  std::latch begun(1);
  std::atomic<bool> is_in = false;
  State found = State::kMeta;
  std::thread thread([&] {
    begun.count_down();
    const Claim later("test", *tensor.storage());
    is_in = true;
    found = tensor.state();
  });
  begun.wait();
  // One that did not wait would be in by now, as good as always.
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(is_in);
    std::this_thread::yield();
  }
  fill_(tensor, 5);
  ASSERT_FALSE(is_in);
  claim.reset();
  thread.join();
  EXPECT_TRUE(is_in);
  EXPECT_EQ(found, State::kInitialized);
}

TEST(ClaimTest, OneOfManyThreadsWritesAndTheOthersFindTheValues) {
  constexpr int kThreads = 8, kStorages = 20, kTrials = 25;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<Tensor> tensors;
    for (int i = 0; i < kStorages; ++i) tensors.push_back(empty({33}));
    std::vector<std::atomic<int>> inside(kStorages), writers(kStorages);
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (size_t k = 0; k < tensors.size(); ++k) {
          const Claim claim("test", *tensors[k].storage());
          EXPECT_EQ(++inside[k], 1);
          if (tensors[k].state() != State::kInitialized) {
            ++writers[k];
            fill_(tensors[k], 5);
          }
          EXPECT_EQ(tensors[k].select(0, 32).item<float>(), 5.0f);
          --inside[k];
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::atomic<int>& count : writers) ASSERT_EQ(count, 1);
  }
}

TEST(ClaimTest, AThreadThatHasItAlreadyIsAnError) {
  const Tensor tensor = slot("blocks.0.weight");
  const Claim claim("materialize", *tensor.storage());
  for (int i = 0; i < 2; ++i) {
    expect_error(ErrorCode::kWriter, {"reset_parameters:", "\"blocks.0.weight\"", "own slot"},
                 [&] { const Claim again("reset_parameters", *tensor.storage()); });
  }
  const Tensor plain = empty({3});
  const Claim first("materialize", *plain.storage());
  expect_error(ErrorCode::kWriter, {"a tensor"},
               [&] { const Claim again("materialize", *plain.storage()); });
}

TEST(ClaimTest, ARefusedOneLeavesTheFirstInPlace) {
  const Tensor tensor = empty({3});
  std::optional<Claim> claim(std::in_place, "test", *tensor.storage());
  expect_error(ErrorCode::kWriter, {}, [&] { const Claim again("test", *tensor.storage()); });
  std::atomic<bool> is_in = false;
  std::latch begun(1);
  std::thread thread([&] {
    begun.count_down();
    const Claim later("test", *tensor.storage());
    is_in = true;
  });
  begun.wait();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(is_in);
    std::this_thread::yield();
  }
  claim.reset();
  thread.join();
}

// Each of n threads has its own storage and wants the next one's. Whoever comes last closes the
// circle and is refused; then it ends its claim, and the others get theirs, one after the other.
void expect_one_refusal_in_a_circle_of(int n) {
  std::vector<Tensor> tensors;
  for (int i = 0; i < n; ++i) tensors.push_back(slot("in_a_circle"));
  std::barrier start(n);
  std::atomic<int> refused = 0, passed = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, i] {
      const Claim own("materialize", *tensors[static_cast<size_t>(i)].storage());
      start.arrive_and_wait();
      try {
        const Claim next("materialize", *tensors[static_cast<size_t>((i + 1) % n)].storage());
        ++passed;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kWriter);
        EXPECT_THAT(error.what(), ::testing::HasSubstr("\"in_a_circle\""));
        EXPECT_THAT(error.what(), ::testing::HasSubstr("circle"));
        ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(passed, n - 1);
  // All ended.
  for (const Tensor& tensor : tensors) {
    const Claim claim("test", *tensor.storage());
  }
}

TEST(ClaimTest, TwoThreadsThatWaitForEachOtherAreAnError) {
  for (int trial = 0; trial < 200; ++trial) expect_one_refusal_in_a_circle_of(2);
}

TEST(ClaimTest, ALongerCircleIsOneToo) {
  for (int trial = 0; trial < 50; ++trial) {
    for (const int n : {3, 8}) expect_one_refusal_in_a_circle_of(n);
  }
}

// Many wait, in one order; that is no circle.
TEST(ClaimTest, AChainIsNoCircle) {
  constexpr int kThreads = 8;
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<Tensor> tensors;
    for (int i = 0; i < kThreads; ++i) tensors.push_back(empty({3}));
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        for (int k = i; k + 1 < kThreads; ++k) {
          const Claim first("test", *tensors[static_cast<size_t>(k)].storage());
          const Claim second("test", *tensors[static_cast<size_t>(k + 1)].storage());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace hollow
