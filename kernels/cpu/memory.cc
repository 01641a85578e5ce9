#include "kernels/memory.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/cpu/pages.h"
#include "kernels/cpu/small_blocks.h"
#include "kernels/failure.h"

namespace hollow::kernels {
namespace {

constexpr size_t kAlignment = 64;

// From here on a block has pages of its own: two huge ones at least. In what is smaller few pages
// would be huge, and malloc itself reuses what was freed.
constexpr size_t kLarge = size_t{4} << 20;

Allocation try_allocate(size_t bytes) {
  if (bytes >= kLarge) return map_pages(bytes);
  if (bytes <= kMostSmallBytes) return {allocate_small(bytes), /*zero=*/false};
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  return {std::aligned_alloc(kAlignment, rounded), /*zero=*/false};
}

}  // namespace

Allocation allocate(Cpu, size_t bytes) {
  if (bytes == 0) return {};
  Allocation result = try_allocate(bytes);
  // Perhaps what is kept for reuse is what is missing.
  if (result.memory == nullptr && drop_kept_pages()) result = try_allocate(bytes);
  if (result.memory == nullptr) {
    throw Failure(Failure::Kind::kOutOfMemory,
                  "cannot allocate " + std::to_string(bytes) + " bytes on cpu");
  }
  return result;
}

void deallocate(Cpu, void* memory, size_t bytes) noexcept {
  if (memory == nullptr) return;
  if (bytes >= kLarge) return unmap_pages(memory, bytes);
  if (bytes <= kMostSmallBytes) return deallocate_small(memory, bytes);
  std::free(memory);
}

void empty_cache(Cpu) noexcept {
  drop_kept_pages();
  drop_small_blocks();
}

void copy(Cpu, void* to, Cpu, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void synchronize(Cpu) {}

void wait_for_stream(Cpu, int) {}

}  // namespace hollow::kernels
