#include "benchmarks/ceiling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "benchmarks/clock.h"
#include "benchmarks/streams.h"
#include "kernels/memory.h"
#include "tensor/run.h"
#include "tensor/stream.h"

namespace hollow::benchmarks {
namespace {

constexpr double kSampleSeconds = 0.003;

// From here on one thread alone is never the fastest, and slow to find that out.
constexpr int64_t kAlwaysParallelBytes = int64_t{8} << 20;

// Through the same door as an op, so that what an op pays there is in the ceiling too.
struct StreamKernel {
  template <typename T>
  void operator()(kernels::Cpu, T* y, const T* x, const T* z, Stream stream, Threads threads,
                  int64_t bytes) const {
    run_stream(stream, threads, reinterpret_cast<char*>(y), reinterpret_cast<const char*>(x),
               reinterpret_cast<const char*>(z), bytes);
  }

  template <typename T>
  void operator()(kernels::Cpu place, T* y, const T* x, Stream stream, Threads threads,
                  int64_t bytes) const {
    (*this)(place, y, x, x, stream, threads, bytes);
  }

  // Elsewhere the device's own copy.
  template <typename Place, typename T>
  void operator()(Place place, T* y, const T* x, Stream, Threads, int64_t bytes) const {
    kernels::copy(place, y, place, x, static_cast<size_t>(bytes));
  }
  template <typename Place, typename T>
  void operator()(Place place, T* y, const T* x, const T*, Stream, Threads, int64_t bytes) const {
    kernels::copy(place, y, place, x, static_cast<size_t>(bytes));
  }
};

struct Candidate {
  double bytes;
  std::function<void()> run;
};

// Of one dimension each.
struct Flat {
  Tensor y, x, residual;
};

Candidate streamed(Pattern pattern, const Flat& t, Stream stream, Threads threads) {
  const double bytes = static_cast<double>(t.x.nbytes());
  const auto run1 = [=](const Tensor& y, const Tensor& x) {
    run<Floats>("ceiling", y, {&x}, StreamKernel{}, stream, threads, x.nbytes());
  };
  const auto run2 = [=](const Tensor& y, const Tensor& x, const Tensor& z) {
    run<Floats>("ceiling", y, {&x, &z}, StreamKernel{}, stream, threads, x.nbytes());
  };
  switch (pattern) {
    case Pattern::kCopy:
      return {2 * bytes, [=] { run1(t.y, t.x); }};
    case Pattern::kUpdate:
      return {2 * bytes, [=] { run1(t.x, t.x); }};
    case Pattern::kMerge:
      return {3 * bytes, [=] { run2(t.y, t.x, t.residual); }};
    case Pattern::kMergeUpdate:
      return {3 * bytes, [=] { run2(t.residual, t.x, t.residual); }};
  }
  return {};
}

absl::Span<const Stream> streams(Pattern pattern) {
  switch (pattern) {
    case Pattern::kCopy:
      return copy_streams();
    case Pattern::kUpdate:
      return update_streams();
    case Pattern::kMerge:
    case Pattern::kMergeUpdate:
      return merge_streams();
  }
  return {};
}

Candidate copied(const Tensor& y, const Tensor& x) {
  return {2.0 * static_cast<double>(x.nbytes()), [=] { y.copy_(x); }};
}

std::vector<Candidate> candidates(Pattern pattern, const Flat& t) {
  if (t.x.device().is_cpu()) {
    std::vector<Candidate> all;
    for (const Stream stream : streams(pattern)) {
      all.push_back(streamed(pattern, t, stream, Threads::kAll));
      if (t.x.nbytes() < kAlwaysParallelBytes) {
        all.push_back(streamed(pattern, t, stream, Threads::kOne));
      }
    }
    return all;
  }
  // Other devices have a copy, and no loops of ours without arithmetic: the bytes of an update are
  // those of a copy of one half of x onto the other, and a merge is as fast as a copy can be.
  const int64_t half = t.x.numel() / 2;
  const bool halves = pattern == Pattern::kUpdate;
  const Tensor from = halves ? t.x.narrow(0, 0, half) : t.x;
  const Tensor to = halves                             ? t.x.narrow(0, half, half)
                    : pattern == Pattern::kMergeUpdate ? t.residual
                                                       : t.y;
  const Flat copy{to, from, from};
  return {copied(to, from), streamed(Pattern::kCopy, copy, nullptr, Threads::kAll)};
}

double rate(const Candidate& candidate, Device device, int64_t calls) {
  const Stopwatch watch;
  for (int64_t i = 0; i < calls; ++i) candidate.run();
  synchronize(device);
  return candidate.bytes * static_cast<double>(calls) / watch.seconds();
}

// The whole lines of it, as the loops want them.
Tensor lines_of(const Tensor& tensor) {
  const auto line = static_cast<int64_t>(64 / item_size(tensor.dtype()));
  return tensor.reshape({-1}).narrow(0, 0, tensor.numel() / line * line);
}

std::string key_of(Pattern pattern, const Operands& operands) {
  return absl::StrCat(static_cast<int>(pattern), "/", operands.x.nbytes(), "/",
                      to_string(operands.x.device()));
}

}  // namespace

double Ceilings::sample(Pattern pattern, const Operands& operands) {
  const Flat t = {lines_of(operands.y), lines_of(operands.x), lines_of(operands.residual)};
  const Device device = t.x.device();
  double& best = best_[key_of(pattern, operands)];
  for (const Candidate& candidate : candidates(pattern, t)) {
    const double once = rate(candidate, device, 1);
    const int64_t calls = std::llrint(kSampleSeconds * once / candidate.bytes);
    best = std::max(best, calls < 2 ? once : rate(candidate, device, calls));
  }
  return best;
}

double Ceilings::known(Pattern pattern, const Operands& operands) {
  const auto found = best_.find(key_of(pattern, operands));
  return found != best_.end() ? found->second : sample(pattern, operands);
}

}  // namespace hollow::benchmarks
