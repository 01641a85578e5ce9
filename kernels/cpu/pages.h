// Large blocks of the host's memory, straight from the system.
//
// A fresh block is zero and costs next to nothing; its pages come when they are first touched, to
// whichever thread does it. It begins at a multiple of 2 MiB and asks for huge pages, so that there
// is one page fault where there were 512. Behind its end it has less than one small page.
//
// A block that is unmapped is kept, with its pages, for the next one of that size in pages: the
// last 8 such blocks at most, and 512 MiB of them together. A larger one goes back to the system at
// once. AddressSanitizer reports whoever touches what is kept, or what lies behind the end.
//
// Any thread may call these at any time. A child that is forked has kept what its parent had.
#ifndef HOLLOW_KERNELS_CPU_PAGES_H_
#define HOLLOW_KERNELS_CPU_PAGES_H_

#include <cstddef>

#include "kernels/memory.h"

namespace hollow::kernels {

// Null where the system has not that much. Not for 0 bytes.
Allocation map_pages(size_t bytes) noexcept;

// Takes what map_pages gave for so many bytes.
void unmap_pages(void* memory, size_t bytes) noexcept;

// Gives all that is kept back to the system. Returns whether there was any.
bool drop_kept_pages() noexcept;

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_PAGES_H_
