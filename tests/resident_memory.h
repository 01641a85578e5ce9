// How much of this process's memory has pages.
#ifndef HOLLOW_TESTS_RESIDENT_MEMORY_H_
#define HOLLOW_TESTS_RESIDENT_MEMORY_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace hollow::testing {

// In bytes; some systems count a few hundred pages late.
inline int64_t resident_bytes() {
  int64_t mapped = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> mapped >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_RESIDENT_MEMORY_H_
