#include "kernels/cpu/small_blocks.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace hollow::kernels {
namespace {

class SmallBlocksTest : public ::testing::Test {
 protected:
  void SetUp() override { drop_small_blocks(); }
  void TearDown() override { drop_small_blocks(); }
};

TEST_F(SmallBlocksTest, ABlockIsAlignedAndReused) {
  for (const size_t bytes : {size_t{1}, size_t{64}, size_t{65}, size_t{1536}, kMostSmallBytes}) {
    void* const memory = allocate_small(bytes);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    std::memset(memory, 0x5a, (bytes + 63) / 64 * 64);
    deallocate_small(memory, bytes);
    EXPECT_EQ(kept_small_bytes(), (bytes + 63) / 64 * 64);
    EXPECT_EQ(allocate_small((bytes + 63) / 64 * 64), memory);
    EXPECT_EQ(kept_small_bytes(), 0u);
    deallocate_small(memory, bytes);
    drop_small_blocks();
  }
}

TEST_F(SmallBlocksTest, AnotherSizeGetsAnotherBlock) {
  void* const memory = allocate_small(128);
  deallocate_small(memory, 128);
  void* const smaller = allocate_small(64);
  void* const larger = allocate_small(129);
  EXPECT_EQ(kept_small_bytes(), 128u);
  EXPECT_NE(smaller, memory);
  EXPECT_NE(larger, memory);
  deallocate_small(smaller, 64);
  deallocate_small(larger, 129);
}

TEST_F(SmallBlocksTest, AMebibyteIsKeptAtMost) {
  std::vector<void*> blocks;
  for (int i = 0; i < 40; ++i) blocks.push_back(allocate_small(kMostSmallBytes));
  for (void* const block : blocks) deallocate_small(block, kMostSmallBytes);
  EXPECT_EQ(kept_small_bytes(), size_t{1} << 20);
  drop_small_blocks();
  EXPECT_EQ(kept_small_bytes(), 0u);
}

// Whatever comes and goes in whatever order: nobody's bytes are anybody else's.
TEST_F(SmallBlocksTest, BlocksThatLiveAreApart) {
  struct Block {
    unsigned char* memory;
    size_t bytes;
    unsigned char mark;
  };
  std::mt19937 random(6);
  std::vector<Block> alive;
  for (int i = 0; i < 20000; ++i) {
    if (alive.size() > 50 || (!alive.empty() && random() % 2 == 0)) {
      std::swap(alive[random() % alive.size()], alive.back());
      const Block block = alive.back();
      alive.pop_back();
      for (size_t at = 0; at < block.bytes; ++at) ASSERT_EQ(block.memory[at], block.mark);
      deallocate_small(block.memory, block.bytes);
    } else {
      const size_t bytes = 1 + random() % 700;
      auto* const memory = static_cast<unsigned char*>(allocate_small(bytes));
      const auto mark = static_cast<unsigned char>(i);
      std::memset(memory, mark, bytes);
      alive.push_back({memory, bytes, mark});
    }
  }
  for (const Block& block : alive) deallocate_small(block.memory, block.bytes);
}

// Who frees keeps, and gives it back when he ends: a leak, else, to a sanitizer.
TEST_F(SmallBlocksTest, AThreadMayFreeWhatAnotherMade) {
  void* const memory = allocate_small(1000);
  std::thread([memory] {
    deallocate_small(memory, 1000);
    EXPECT_EQ(kept_small_bytes(), 1024u);
  }).join();
  EXPECT_EQ(kept_small_bytes(), 0u);
}

// Objects that outlive the thread's own may still free memory.
TEST_F(SmallBlocksTest, AThreadMayFreeWhileItEnds) {
  struct Late {
    void* memory = nullptr;
    ~Late() { deallocate_small(memory, 64); }
  };
  std::thread([] {
    static thread_local Late late;  // destroyed after what deallocate_small makes below
    late.memory = allocate_small(64);
    deallocate_small(allocate_small(64), 64);
  }).join();
}

}  // namespace
}  // namespace hollow::kernels
