#include "tensor/owned_sum.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace hollow {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

void on_another_thread(void (*work)(OwnedSum&), OwnedSum& sum) {
  std::thread(work, std::ref(sum)).join();
}

TEST(OwnedSumTest, IsWhatWasAddedByAnybody) {
  OwnedSum sum;
  EXPECT_EQ(sum.total(), 0);
  sum.add(5);
  on_another_thread([](OwnedSum& of) { of.add(7); }, sum);
  sum.add(-2);
  EXPECT_EQ(sum.total(), 10);
  on_another_thread([](OwnedSum& of) { of.add(-10); }, sum);
  EXPECT_EQ(sum.total(), 0);
}

TEST(OwnedSumTest, AnOwnerMayEnd) {
  OwnedSum sum;
  for (int i = 0; i < 3; ++i) {
    on_another_thread([](OwnedSum& of) { of.add(1); }, sum);
    sum.add(1);
  }
  EXPECT_EQ(sum.total(), 6);
}

TEST(OwnedSumTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 8, kRounds = 20000;
  OwnedSum sum;
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) sum.add(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum.total(), int64_t{kThreads} * kRounds);
}

TEST(OwnedSumTest, StopsAtTheMost) {
  OwnedSum sum;
  sum.add(3);
  EXPECT_FALSE(sum.add_up_to(10, 8));
  EXPECT_EQ(sum.total(), 3);
  EXPECT_TRUE(sum.add_up_to(10, 7));
  EXPECT_EQ(sum.total(), 10);
  EXPECT_FALSE(sum.add_up_to(10, 1));
  EXPECT_TRUE(sum.add_up_to(10, 0));
  EXPECT_EQ(sum.total(), 10);
}

// As one thread sees it that frees what another has allocated, a moment too early.
TEST(OwnedSumTest, ASumBelowNothingDoesNotOverflow) {
  OwnedSum sum;
  sum.add(-1);
  EXPECT_TRUE(sum.add_up_to(kMax, 1));
  EXPECT_EQ(sum.total(), 0);
}

TEST(OwnedSumTest, ThreadsDoNotGetPastTheMostTogether) {
  constexpr int kThreads = 8, kRounds = 5000, kMost = 10001;
  OwnedSum sum;
  std::atomic<int> added{0};
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) added += sum.add_up_to(kMost, 1) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(added, kMost);
  EXPECT_EQ(sum.total(), kMost);
}

}  // namespace
}  // namespace hollow
