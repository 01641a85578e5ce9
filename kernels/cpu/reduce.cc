#include "kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cpu/parallel.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kChunk = 1 << 15;

// The sum of term(i), chunk by chunk: the chunks are fixed by n, so the threads that happen to do
// them cannot change the order of additions.
template <typename Sum, typename Term>
Sum accumulate(int64_t n, Term term) {
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  std::vector<Sum> partial(chunks, Sum{0});
  parallel_for(chunks, 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      Sum sum{0};
      const int64_t stop = std::min(n, (chunk + 1) * kChunk);
      for (int64_t i = chunk * kChunk; i < stop; ++i) sum += term(i);
      partial[chunk] = sum;
    }
  });
  Sum total{0};
  for (const Sum sum : partial) total += sum;
  return total;
}

template <typename T>
double mean_of(const T* x, int64_t n) {
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  return accumulate<double>(n, [x](int64_t i) { return static_cast<Compute<T>>(x[i]); }) /
         static_cast<double>(n);
}

}  // namespace

template <typename T>
void sum(Cpu, T* y, const T* x, int64_t n) {
  if constexpr (kIsFloating<T>) {
    *y = T(static_cast<Compute<T>>(
        accumulate<double>(n, [x](int64_t i) { return static_cast<Compute<T>>(x[i]); })));
  } else {
    *y = static_cast<T>(
        accumulate<uint64_t>(n, [x](int64_t i) { return static_cast<uint64_t>(x[i]); }));
  }
}

template <typename T>
void mean(Cpu, T* y, const T* x, int64_t n) {
  *y = T(static_cast<Compute<T>>(mean_of(x, n)));
}

template <typename T>
void std_dev(Cpu, T* y, const T* x, int64_t n, int64_t correction) {
  double result = std::numeric_limits<double>::quiet_NaN();
  if (n > correction) {
    const double mean = mean_of(x, n);
    const double squares = accumulate<double>(n, [x, mean](int64_t i) {
      const double deviation = static_cast<Compute<T>>(x[i]) - mean;
      return deviation * deviation;
    });
    result = std::sqrt(squares / static_cast<double>(n - correction));
  }
  *y = T(static_cast<Compute<T>>(result));
}

#define SUM(T) template void sum(Cpu, T*, const T*, int64_t);
HOLLOW_NUMBERS(SUM)
#define MOMENTS(T)                                \
  template void mean(Cpu, T*, const T*, int64_t); \
  template void std_dev(Cpu, T*, const T*, int64_t, int64_t);
HOLLOW_FLOATS(MOMENTS)

}  // namespace hollow::kernels
