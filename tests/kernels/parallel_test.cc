#include "kernels/cpu/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/failure.h"
#include "tests/address_space_limit.h"

namespace hollow::kernels {
namespace {

using Parts = std::vector<std::pair<int64_t, int64_t>>;

Parts parts_of(int64_t n, int64_t grain, int64_t unit = 1) {
  Parts parts;
  std::mutex mutex;
  parallel_for(n, grain, unit, [&](int64_t begin, int64_t end) {
    const std::lock_guard lock(mutex);
    parts.emplace_back(begin, end);
  });
  std::sort(parts.begin(), parts.end());
  return parts;
}

void check_cut(int64_t n, int64_t grain, int64_t unit, int threads) {
  SCOPED_TRACE(std::to_string(n) + " by " + std::to_string(grain) + " and " + std::to_string(unit) +
               " for " + std::to_string(threads));
  const Parts parts = parts_of(n, grain, unit);
  ASSERT_EQ(parts.size(), static_cast<size_t>(std::clamp<int64_t>(n / grain, 1, threads)));
  int64_t at = 0, least = n, most = 0;
  for (const auto& [begin, end] : parts) {
    ASSERT_EQ(begin, at);
    ASSERT_EQ(begin % unit, 0);
    least = std::min(least, end - begin);
    most = std::max(most, end - begin);
    at = end;
  }
  ASSERT_EQ(at, n);
  ASSERT_GT(least, 0);
  ASSERT_LT(most - least, 2 * unit);
  ASSERT_EQ(parts, parts_of(n, grain, unit)) << "the cut depends on nothing else";
}

TEST(ParallelTest, RangesCoverAllOfItOnceAndAreAlike) {
  for (const int threads : {1, 2, 3, 7, 16}) {
    set_num_threads(threads);
    for (const auto& [grain, unit] : {std::pair{1, 1}, {3, 1}, {3, 3}, {8, 4}, {100, 7}}) {
      for (const int64_t n : {1, 2, 5, 7, 8, 15, 16, 17, 23, 99, 199, 200, 201, 299, 1000}) {
        check_cut(n, grain, unit, threads);
      }
    }
  }
}

TEST(ParallelTest, NothingToDoCallsNothing) {
  set_num_threads(4);
  for (const int64_t n : {0, -1, -100}) EXPECT_TRUE(parts_of(n, 1).empty());
}

TEST(ParallelTest, SmallWorkStaysOnTheCaller) {
  set_num_threads(4);
  EXPECT_EQ(parts_of(199, 100), (Parts{{0, 199}}));
  EXPECT_EQ(parts_of(200, 100), (Parts{{0, 100}, {100, 200}}));
  std::thread::id worker;
  parallel_for(199, 100, 1, [&](int64_t, int64_t) { worker = std::this_thread::get_id(); });
  EXPECT_EQ(worker, std::this_thread::get_id());
}

// Each part waits for all others to have begun, so each needs a thread of its own.
TEST(ParallelTest, UsesTheThreadsItMay) {
  for (const int threads : {4, 2, 6, 1, 3, 2}) {
    set_num_threads(threads);
    EXPECT_EQ(num_threads(), threads);
    for (int round = 0; round < 20; ++round) {
      std::barrier all(threads);
      std::set<std::thread::id> ids;
      std::mutex mutex;
      parallel_for(1000, 1, 1, [&](int64_t, int64_t) {
        all.arrive_and_wait();
        const std::lock_guard lock(mutex);
        ids.insert(std::this_thread::get_id());
      });
      EXPECT_EQ(ids.size(), static_cast<size_t>(threads));
      EXPECT_EQ(ids.count(std::this_thread::get_id()), 1u) << "the caller works too";
    }
  }
}

// Threads that sleep are woken, and before they are awake the caller has begun what they might.
TEST(ParallelTest, JobsAfterPausesLoseNoWork) {
  set_num_threads(4);
  for (int round = 0; round < 50; ++round) {
    if (round % 3 != 0) std::this_thread::sleep_for(std::chrono::microseconds(50 * (round % 7)));
    std::vector<int> seen(64, 0);
    parallel_for(64, 1 + round % 5, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    ASSERT_EQ(seen, std::vector<int>(64, 1)) << round;
  }
}

// Longer than a thread looks for what it waits for.
TEST(ParallelTest, ACallerThatIsDoneFirstWaitsForTheOthers) {
  set_num_threads(2);
  const std::thread::id caller = std::this_thread::get_id();
  for (int round = 0; round < 20; ++round) {
    std::barrier both(2);
    std::atomic<int> done{0};
    parallel_for(2, 1, 1, [&](int64_t, int64_t) {
      both.arrive_and_wait();
      const bool waits = std::this_thread::get_id() != caller;
      if (waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++done;
    });
    ASSERT_EQ(done, 2);
  }
}

TEST(ParallelTest, CallersAtTheSameTimeEachGetAllOfTheirWork) {
  constexpr int kCallers = 8, kRounds = 200, kSize = 1000;
  set_num_threads(3);
  std::barrier start(kCallers);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        std::vector<int> seen(kSize, 0);
        parallel_for(kSize, 10, 1, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)] += 1 + caller;
        });
        wrong += seen != std::vector<int>(kSize, 1 + caller);
      }
    });
  }
  for (std::thread& thread : callers) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ParallelTest, ChangingTheCountMeanwhileLosesNoWork) {
  constexpr int kRounds = 200, kSize = 1000;
  std::barrier start(2);
  std::atomic<bool> done{false};
  std::thread changer([&] {
    start.arrive_and_wait();
    for (int count = 1; !done; count = count % 5 + 1) set_num_threads(count);
  });
  start.arrive_and_wait();
  for (int round = 0; round < kRounds; ++round) {
    std::vector<int> seen(kSize, 0);
    parallel_for(kSize, 10, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    EXPECT_EQ(seen, std::vector<int>(kSize, 1));
  }
  done = true;
  changer.join();
}

TEST(ParallelTest, ACallFromInsideDoesItsWorkItself) {
  set_num_threads(4);
  std::atomic<int64_t> sum{0};
  std::atomic<int> elsewhere{0};
  parallel_for(100, 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const std::thread::id outer = std::this_thread::get_id();
      parallel_for(100, 1, 1, [&](int64_t inner_begin, int64_t inner_end) {
        elsewhere += std::this_thread::get_id() != outer;
        for (int64_t j = inner_begin; j < inner_end; ++j) sum += 100 * i + j;
      });
    }
  });
  EXPECT_EQ(sum, 9999 * 10000 / 2);
  EXPECT_EQ(elsewhere, 0);
}

// While another thread keeps the parent's pool at work, whose threads the child has not.
TEST(ParallelTest, AForkedChildHasAPoolOfItsOwn) {
  set_num_threads(2);
  std::atomic<bool> stop{false};
  std::atomic<int64_t> jobs{0};
  std::thread busy([&] {
    for (; !stop; ++jobs) parallel_for(2, 1, 1, [](int64_t, int64_t) {});
  });
  while (jobs == 0) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    EXPECT_GE(child, 0);
    if (child < 0) break;
    if (child == 0) {
      alarm(20);  // ends a child that waits for ever
      std::barrier both(2);
      for (int round = 0; round < 3; ++round) {
        parallel_for(2, 1, 1, [&](int64_t, int64_t) { both.arrive_and_wait(); });
      }
      _exit(0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "child " << i;
    if (HasFailure()) break;
  }
  stop = true;
  busy.join();
}

TEST(ParallelTest, ACountOutOfRangeIsAFailureAndChangesNothing) {
  set_num_threads(1024);
  EXPECT_EQ(num_threads(), 1024);
  set_num_threads(5);
  for (const int count : {0, -3, 1025}) {
    try {
      set_num_threads(count);
      ADD_FAILURE() << count;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), Failure::Kind::kConfiguration);
    }
  }
  EXPECT_EQ(num_threads(), 5);
}

TEST(ParallelTest, ThreadsThatCannotStartAreAFailureAndTheNextCallWorks) {
  if (!hollow::testing::kAddressSpaceCanBeLimited) GTEST_SKIP() << "under a sanitizer";
  set_num_threads(64);
  std::atomic<int> calls{0};
  {
    const hollow::testing::AddressSpaceLimit limit(100 << 20);  // a dozen stacks
    try {
      parallel_for(1000, 1, 1, [&](int64_t, int64_t) { ++calls; });
      ADD_FAILURE() << "64 threads";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), Failure::Kind::kConfiguration);
      EXPECT_NE(std::string(failure.what()).find("HOLLOW_NUM_THREADS"), std::string::npos);
    }
    EXPECT_EQ(calls, 0);
    set_num_threads(1);
    EXPECT_EQ(parts_of(1000, 1).size(), 1u);
  }
  set_num_threads(5);
  EXPECT_EQ(parts_of(1000, 1).size(), 5u);
}

}  // namespace
}  // namespace hollow::kernels
