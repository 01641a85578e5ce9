#include "kernels/memory.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "kernels/failure.h"

namespace hollow::kernels {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

void* allocate(Cpu, size_t bytes) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  if (bytes <= std::numeric_limits<size_t>::max() - kAlignment) {
    memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  }
  if (memory == nullptr) {
    throw Failure(Failure::Kind::kOutOfMemory,
                  "cannot allocate " + std::to_string(bytes) + " bytes on cpu");
  }
  return memory;
}

void deallocate(Cpu, void* memory) noexcept { std::free(memory); }

void copy(Cpu, void* to, Cpu, const void* from, size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void synchronize(Cpu) {}

void wait_for_stream(Cpu, int) {}

}  // namespace hollow::kernels
