#include "kernels/cpu/pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "kernels/memory.h"
#include "tests/resident_memory.h"

namespace hollow::kernels {
namespace {

using testing::resident_bytes;

constexpr size_t kMiB = size_t{1} << 20;
const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));

class PagesTest : public ::testing::Test {
 protected:
  void SetUp() override { drop_kept_pages(); }
  void TearDown() override { drop_kept_pages(); }
};

bool all_bytes_are(const void* memory, size_t bytes, char value) {
  const char* const first = static_cast<const char*>(memory);
  return std::all_of(first, first + bytes, [value](char byte) { return byte == value; });
}

// Whether a block of that size is kept. It is not any more.
bool takes_kept(size_t bytes) {
  const Allocation block = map_pages(bytes);
  munmap(block.memory, bytes);
  return !block.zero;
}

TEST_F(PagesTest, FreshOnesAreZeroAlignedAndWritableToTheEnd) {
  std::vector<Allocation> blocks;
  const std::vector<size_t> sizes = {1, 4 * kMiB, 4 * kMiB + 1, 5 * kMiB - 1, 7 * kMiB + kPage};
  for (const size_t bytes : sizes) {
    const Allocation block = map_pages(bytes);
    ASSERT_NE(block.memory, nullptr);
    EXPECT_TRUE(block.zero);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.memory) % (2 * kMiB), 0u);
    EXPECT_TRUE(all_bytes_are(block.memory, bytes, 0));
    std::memset(block.memory, static_cast<int>(blocks.size()) + 1, bytes);
    blocks.push_back(block);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(all_bytes_are(blocks[i].memory, sizes[i], static_cast<char>(i + 1)));
    unmap_pages(blocks[i].memory, sizes[i]);
  }
}

TEST_F(PagesTest, WhatWasUnmappedComesBackAndIsNotZero) {
  const Allocation first = map_pages(5 * kMiB);
  std::memset(first.memory, 7, 5 * kMiB);
  unmap_pages(first.memory, 5 * kMiB);
  // As many pages, one byte less.
  const Allocation second = map_pages(5 * kMiB - 1);
  EXPECT_EQ(second.memory, first.memory);
  EXPECT_FALSE(second.zero);
  EXPECT_TRUE(all_bytes_are(second.memory, 5 * kMiB - 1, 7));
  const Allocation third = map_pages(5 * kMiB);
  EXPECT_NE(third.memory, second.memory) << "it is in use";
  EXPECT_TRUE(third.zero);
  unmap_pages(second.memory, 5 * kMiB - 1);
  unmap_pages(third.memory, 5 * kMiB);
}

TEST_F(PagesTest, AnotherSizeIsFresh) {
  const Allocation first = map_pages(5 * kMiB);
  std::memset(first.memory, 7, 5 * kMiB);
  unmap_pages(first.memory, 5 * kMiB);
  for (const size_t bytes : {5 * kMiB + 1, 5 * kMiB - kPage, 4 * kMiB, 10 * kMiB}) {
    const Allocation other = map_pages(bytes);
    EXPECT_TRUE(other.zero) << bytes;
    EXPECT_TRUE(all_bytes_are(other.memory, bytes, 0)) << bytes;
    unmap_pages(other.memory, bytes);
  }
  EXPECT_TRUE(takes_kept(5 * kMiB));
}

TEST_F(PagesTest, KeepsTheLastEight) {
  std::vector<void*> blocks;
  const auto size = [](size_t i) { return 4 * kMiB + i * kPage; };
  for (size_t i = 0; i < 10; ++i) blocks.push_back(map_pages(size(i)).memory);
  for (size_t i = 0; i < 10; ++i) unmap_pages(blocks[i], size(i));
  for (size_t i = 2; i < 10; ++i) EXPECT_TRUE(takes_kept(size(i))) << i;
  for (size_t i = 0; i < 2; ++i) EXPECT_FALSE(takes_kept(size(i))) << i;
}

TEST_F(PagesTest, KeepsHalfAGiBAtMost) {
  const size_t sizes[] = {200 * kMiB, 201 * kMiB, 202 * kMiB};
  std::vector<void*> blocks;
  for (const size_t bytes : sizes) blocks.push_back(map_pages(bytes).memory);
  for (size_t i = 0; i < 3; ++i) unmap_pages(blocks[i], sizes[i]);
  EXPECT_FALSE(takes_kept(sizes[0]));
  EXPECT_TRUE(takes_kept(sizes[1]));
  EXPECT_TRUE(takes_kept(sizes[2]));
  unmap_pages(map_pages(sizes[0]).memory, sizes[0]);
  // One that alone is too large goes at once, and the others stay.
  unmap_pages(map_pages(513 * kMiB).memory, 513 * kMiB);
  EXPECT_FALSE(takes_kept(513 * kMiB));
  EXPECT_TRUE(takes_kept(200 * kMiB));
  unmap_pages(map_pages(512 * kMiB).memory, 512 * kMiB);
  EXPECT_TRUE(takes_kept(512 * kMiB));
}

TEST_F(PagesTest, TakeNoPagesBeforeTheyAreTouchedAndGiveThemBack) {
  constexpr int64_t kSlack = 64 * kMiB;
  const int64_t before = resident_bytes();
  const Allocation large = map_pages(1024 * kMiB);
  ASSERT_NE(large.memory, nullptr);
  EXPECT_LT(resident_bytes(), before + kSlack);
  std::memset(large.memory, 1, 256 * kMiB);
  EXPECT_GT(resident_bytes(), before + 256 * int64_t{kMiB} - kSlack);
  unmap_pages(large.memory, 1024 * kMiB);
  EXPECT_LT(resident_bytes(), before + kSlack) << "too large to be kept";

  const Allocation small = map_pages(256 * kMiB);
  std::memset(small.memory, 1, 256 * kMiB);
  unmap_pages(small.memory, 256 * kMiB);
  EXPECT_GT(resident_bytes(), before + 256 * int64_t{kMiB} - kSlack) << "kept";
  EXPECT_TRUE(drop_kept_pages());
  EXPECT_LT(resident_bytes(), before + kSlack);
  EXPECT_FALSE(drop_kept_pages());
}

TEST_F(PagesTest, ManySizesTakeNoMoreThanTheirOwn) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer's notes on each byte are resident as well";
#endif
  constexpr int64_t kSlack = 32 * kMiB;
  constexpr size_t kBlocks = 100;
  const size_t bytes = 4 * kMiB + kPage;  // of its third huge page, if it had one, it needs little
  const int64_t before = resident_bytes();
  std::vector<void*> blocks;
  for (size_t i = 0; i < kBlocks; ++i) {
    blocks.push_back(map_pages(bytes).memory);
    std::memset(blocks.back(), 1, bytes);
  }
  EXPECT_LT(resident_bytes(), before + static_cast<int64_t>(kBlocks * bytes) + kSlack);
  for (void* const block : blocks) unmap_pages(block, bytes);
}

TEST_F(PagesTest, TooMuchIsNull) {
  for (const size_t bytes : {size_t{1} << 52, size_t{PTRDIFF_MAX}, size_t{PTRDIFF_MAX} + 1,
                             SIZE_MAX - 2 * kMiB, SIZE_MAX - 64, SIZE_MAX}) {
    EXPECT_EQ(map_pages(bytes).memory, nullptr) << bytes;
  }
}

TEST_F(PagesTest, NoBlockHasTwoOwners) {
  constexpr int kThreads = 4, kRounds = 2000;
  std::barrier start(kThreads);
  std::atomic<int> clashes = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      for (int round = 0; round < kRounds; ++round) {
        const size_t bytes = 4 * kMiB + static_cast<size_t>((t + round) % 3) * kPage;
        const Allocation block = map_pages(bytes);
        volatile int* const owner = static_cast<int*>(block.memory);
        if (block.zero && *owner != 0) ++clashes;
        *owner = t + 1;
        std::this_thread::yield();
        if (*owner != t + 1) ++clashes;
        unmap_pages(block.memory, bytes);
        if (round % 100 == 0) drop_kept_pages();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clashes, 0);
}

TEST_F(PagesTest, AForkedChildCanMapWhateverOthersDid) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) unmap_pages(map_pages(4 * kMiB).memory, 4 * kMiB);
    });
  }
  for (int i = 0; i < 100; ++i) {
    const pid_t child = fork();
    EXPECT_GE(child, 0);
    if (child == 0) {
      alarm(20);  // ends a child that waits for ever
      const Allocation block = map_pages(4 * kMiB);
      std::memset(block.memory, 1, 4 * kMiB);
      unmap_pages(block.memory, 4 * kMiB);
      _exit(map_pages(4 * kMiB).memory == block.memory ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "child " << i;
    if (HasFailure()) break;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

#ifdef __SANITIZE_ADDRESS__

TEST_F(PagesTest, ASanSeesWhatLiesBehindAndWhatIsKept) {
  const Allocation block = map_pages(4 * kMiB + 100);
  volatile char* const first = static_cast<char*>(block.memory);
  first[4 * kMiB + 99] = 1;
  EXPECT_DEATH(first[4 * kMiB + 100] = 1, "use-after-poison");
  unmap_pages(block.memory, 4 * kMiB + 100);
  EXPECT_DEATH(first[0] = 1, "use-after-poison");
  EXPECT_DEATH(first[4 * kMiB + 99] = 1, "use-after-poison");
  // Another size in the same pages.
  const Allocation longer = map_pages(4 * kMiB + 200);
  EXPECT_EQ(longer.memory, block.memory);
  first[4 * kMiB + 199] = 1;
  EXPECT_DEATH(first[4 * kMiB + 200] = 1, "use-after-poison");
  unmap_pages(longer.memory, 4 * kMiB + 200);
}

#endif

}  // namespace
}  // namespace hollow::kernels
