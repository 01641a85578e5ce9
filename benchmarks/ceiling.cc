#include "benchmarks/ceiling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmarks/clock.h"
#include "benchmarks/streams.h"
#include "kernels/memory.h"
#include "tensor/run.h"
#include "tensor/stream.h"

namespace hollow::benchmarks {
namespace {

constexpr double kSampleSeconds = 0.004;

// From here on one thread alone is never the fastest, and slow to find that out.
constexpr int64_t kAlwaysParallelBytes = int64_t{8} << 20;

// Through the same door as an op, so that what an op pays there is in the ceiling too.
struct StreamKernel {
  template <typename T>
  void operator()(kernels::Cpu, T* y, const T* x, Stream stream, Threads threads,
                  int64_t bytes) const {
    run_stream(stream, threads, reinterpret_cast<char*>(y), reinterpret_cast<const char*>(x),
               bytes);
  }

  // Elsewhere the device's own copy.
  template <typename Place, typename T>
  void operator()(Place place, T* y, const T* x, Stream, Threads, int64_t bytes) const {
    kernels::copy(place, y, place, x, static_cast<size_t>(bytes));
  }
};

struct Candidate {
  double bytes;
  std::function<void()> run;
};

Candidate streamed(const Tensor& y, const Tensor& x, Stream stream, Threads threads) {
  return {2.0 * static_cast<double>(x.nbytes()),
          [=] { run<Floats>("ceiling", y, {&x}, StreamKernel{}, stream, threads, x.nbytes()); }};
}

Candidate copied(const Tensor& y, const Tensor& x) {
  return {2.0 * static_cast<double>(x.nbytes()), [=] { y.copy_(x); }};
}

std::vector<Candidate> candidates(Pattern pattern, const Tensor& y, const Tensor& x) {
  if (x.device().is_cpu()) {
    const bool copies = pattern == Pattern::kCopy;
    std::vector<Candidate> all;
    for (const Stream stream : copies ? copy_streams() : update_streams()) {
      const Tensor& to = copies ? y : x;
      all.push_back(streamed(to, x, stream, Threads::kAll));
      if (x.nbytes() < kAlwaysParallelBytes) all.push_back(streamed(to, x, stream, Threads::kOne));
    }
    return all;
  }
  // There is no update without arithmetic on other devices. To copy one half of x onto the other
  // has its footprint, and as many reads as writes.
  const int64_t half = x.numel() / 2;
  const Tensor from = pattern == Pattern::kCopy ? x : x.narrow(0, 0, half);
  const Tensor to = pattern == Pattern::kCopy ? y : x.narrow(0, half, half);
  return {copied(to, from), streamed(to, from, nullptr, Threads::kAll)};
}

double rate(const Candidate& candidate, Device device, int64_t calls) {
  const Stopwatch watch;
  for (int64_t i = 0; i < calls; ++i) candidate.run();
  synchronize(device);
  return candidate.bytes * static_cast<double>(calls) / watch.seconds();
}

}  // namespace

double Ceilings::sample(Pattern pattern, const Tensor& y, const Tensor& x) {
  const std::string key =
      absl::StrCat(static_cast<int>(pattern), "/", x.nbytes(), "/", to_string(x.device()));
  double& best = best_[key];
  for (const Candidate& candidate : candidates(pattern, y, x)) {
    const double once = rate(candidate, x.device(), 1);
    const int64_t calls = std::llrint(kSampleSeconds * once / candidate.bytes);
    best = std::max(best, calls < 2 ? once : rate(candidate, x.device(), calls));
  }
  return best;
}

}  // namespace hollow::benchmarks
