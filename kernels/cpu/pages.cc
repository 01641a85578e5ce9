#include "kernels/cpu/pages.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>

#include "kernels/cpu/poison.h"

namespace hollow::kernels {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kMostBlocks = 8;
// Room for what the largest of our benchmarks makes anew in each call, a quarter of a GiB, twice.
constexpr size_t kMostBytes = size_t{512} << 20;

struct Block {
  char* memory;
  size_t bytes;  // in whole pages
};

// Oldest first.
struct Blocks {
  std::array<Block, kMostBlocks> all{};
  size_t count = 0;
  size_t bytes = 0;

  bool has_room(size_t more) const { return count < kMostBlocks && more <= kMostBytes - bytes; }

  void add(Block block) {
    all[count++] = block;
    bytes += block.bytes;
  }

  Block remove(size_t index) {
    const Block block = all[index];
    std::copy(all.begin() + index + 1, all.begin() + count, all.begin() + index);
    --count;
    bytes -= block.bytes;
    return block;
  }
};

// Never destroyed: static objects may still free memory while the process ends.
constinit Blocks kept;
constinit std::mutex kept_mutex;

// Who forks holds the mutex, so that the child finds it free, and the blocks whole.
std::unique_lock<std::mutex> lock_kept() {
  static const int once = pthread_atfork([] { kept_mutex.lock(); }, [] { kept_mutex.unlock(); },
                                         [] { kept_mutex.unlock(); });
  static_cast<void>(once);
  return std::unique_lock(kept_mutex);
}

size_t in_whole_pages(size_t bytes) {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

char* take_kept(size_t bytes) {
  const std::unique_lock lock = lock_kept();
  for (size_t i = kept.count; i-- > 0;) {
    if (kept.all[i].bytes == bytes) return kept.remove(i).memory;
  }
  return nullptr;
}

// The system knows small pages only: asks for more, and gives both ends back.
char* map(size_t bytes) {
  void* const mapped =
      mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* const first = static_cast<char*>(mapped);
  const size_t before = -reinterpret_cast<uintptr_t>(mapped) % kHugePage;
  if (before > 0) munmap(first, before);
  munmap(first + before + bytes, kHugePage - before);
  madvise(first + before, bytes, MADV_HUGEPAGE);  // where there are none, small ones will do
  return first + before;
}

// Not under the lock, which others may need meanwhile: it takes milliseconds.
void unmap(const Blocks& blocks) {
  for (size_t i = 0; i < blocks.count; ++i) {
    const Block& block = blocks.all[i];
    ASAN_UNPOISON_MEMORY_REGION(block.memory,
                                block.bytes);  // for who is given these addresses next
    munmap(block.memory, block.bytes);
  }
}

}  // namespace

Allocation map_pages(size_t bytes) noexcept {
  if (bytes > PTRDIFF_MAX) return {};
  const size_t whole = in_whole_pages(bytes);
  char* memory = take_kept(whole);
  const bool fresh = memory == nullptr;
  if (fresh) {
    memory = map(whole);
    if (memory == nullptr) return {};
  } else {
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
  }
  ASAN_POISON_MEMORY_REGION(memory + bytes, whole - bytes);
  return {memory, /*zero=*/fresh};
}

void unmap_pages(void* memory, size_t bytes) noexcept {
  const Block block = {static_cast<char*>(memory), in_whole_pages(bytes)};
  Blocks dropped;
  if (block.bytes > kMostBytes) {
    dropped.add(block);
  } else {
    ASAN_POISON_MEMORY_REGION(block.memory, block.bytes);
    const std::unique_lock lock = lock_kept();
    while (!kept.has_room(block.bytes)) dropped.add(kept.remove(0));
    kept.add(block);
  }
  unmap(dropped);
}

bool drop_kept_pages() noexcept {
  Blocks dropped;
  {
    const std::unique_lock lock = lock_kept();
    std::swap(dropped, kept);
  }
  unmap(dropped);
  return dropped.count > 0;
}

}  // namespace hollow::kernels
