#include "kernels/cpu/small_blocks.h"

#include <cstdlib>
#include <new>

#include "kernels/cpu/poison.h"

namespace hollow::kernels {
namespace {

constexpr size_t kUnit = 64;
constexpr size_t kClasses = kMostSmallBytes / kUnit;
constexpr size_t kMostBytes = size_t{1} << 20;

size_t units_of(size_t bytes) { return (bytes + kUnit - 1) / kUnit; }

// What is kept, by size; a block begins with a pointer to the next.
struct Kept {
  struct Block {
    Block* next;
  };

  Block* first[kClasses] = {};
  size_t bytes = 0;
  bool is_closed = false;  // the thread is ending: nothing is kept any more

  void* take(size_t units) {
    Block*& head = first[units - 1];
    Block* const block = head;
    if (block == nullptr) return nullptr;
    ASAN_UNPOISON_MEMORY_REGION(block, units * kUnit);
    head = block->next;
    bytes -= units * kUnit;
    return block;
  }

  bool keep(void* memory, size_t units) {
    if (is_closed || bytes + units * kUnit > kMostBytes) return false;
    first[units - 1] = ::new (memory) Block{first[units - 1]};
    ASAN_POISON_MEMORY_REGION(memory, units * kUnit);
    bytes += units * kUnit;
    return true;
  }

  void drop() {
    for (size_t units = 1; units <= kClasses; ++units) {
      while (void* const memory = take(units)) std::free(memory);
    }
  }
};

// Not destroyed itself: static objects free memory after a thread's own are gone.
constinit thread_local Kept kept;

struct Close {
  ~Close() {
    kept.is_closed = true;
    kept.drop();
  }
};

}  // namespace

void* allocate_small(size_t bytes) noexcept {
  const size_t units = units_of(bytes);
  if (void* const memory = kept.take(units)) return memory;
  return std::aligned_alloc(kUnit, units * kUnit);
}

void deallocate_small(void* memory, size_t bytes) noexcept {
  static thread_local Close at_end_of_thread;
  static_cast<void>(at_end_of_thread);
  if (!kept.keep(memory, units_of(bytes))) std::free(memory);
}

size_t kept_small_bytes() noexcept { return kept.bytes; }

void drop_small_blocks() noexcept { kept.drop(); }

}  // namespace hollow::kernels
