// What malloc has given out, with its own headers and rounding.
#ifndef HOLLOW_BENCHMARKS_HEAP_H_
#define HOLLOW_BENCHMARKS_HEAP_H_

#include <malloc.h>

#include <cstdint>

namespace hollow::benchmarks {

// Counts what the thread's cache of freed chunks holds (a few of each size) as given out.
inline int64_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_HEAP_H_
