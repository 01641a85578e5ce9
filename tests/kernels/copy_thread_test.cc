#include "kernels/copy_thread.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace hollow::kernels {
namespace {

struct alignas(16) Sixteen {
  char bytes[16];
};

// Every byte goes where it belongs, and nothing behind the last one is touched.
TEST(CopyThreadTest, CopiesWhatIsThereAndNothingElse) {
  for (const int64_t bytes :
       {int64_t{1}, int64_t{15}, int64_t{16}, int64_t{17}, int64_t{4095}, kCopyTile - 16,
        kCopyTile - 1, kCopyTile, kCopyTile + 1, 3 * kCopyTile + 16 * kCopyThreads + 7}) {
    std::vector<Sixteen> from(static_cast<size_t>(bytes / 16 + 2));
    std::vector<Sixteen> to(from.size());
    char* const x = from[0].bytes;
    char* const y = to[0].bytes;
    const int64_t room = static_cast<int64_t>(to.size()) * 16;
    for (int64_t i = 0; i < room; ++i) {
      x[i] = static_cast<char>(i * 37 + i / 251);
      y[i] = static_cast<char>(~x[i]);
    }
    for (int64_t block = 0; block < copy_blocks(bytes); ++block) {
      for (int thread = 0; thread < kCopyThreads; ++thread) {
        copy_thread<Caching::kKept>(y, x, bytes, block, thread);
      }
    }
    for (int64_t i = 0; i < room; ++i) {
      ASSERT_EQ(y[i], i < bytes ? x[i] : static_cast<char>(~x[i])) << i << " of " << bytes;
    }
  }
}

}  // namespace
}  // namespace hollow::kernels
