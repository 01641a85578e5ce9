// Time on the wall, in seconds.
#ifndef HOLLOW_BENCHMARKS_CLOCK_H_
#define HOLLOW_BENCHMARKS_CLOCK_H_

#include <chrono>

namespace hollow::benchmarks {

// Runs from its construction on.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CLOCK_H_
