#include "benchmarks/paired.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>

#include "benchmarks/clock.h"

namespace hollow::benchmarks {
namespace {

// `sorted` at the share of its way, which may be between two samples.
double at(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - std::floor(place));
}

// One loop for all variants: inlined into its callers it would lie in as many places.
[[gnu::noinline]] double ns_per_call(const std::function<void()>& call, int calls) {
  const Stopwatch watch;
  for (int i = 0; i < calls; ++i) call();
  return watch.seconds() * 1e9 / calls;
}

void warm_up(const Variant& variant, int calls) {
  for (const std::function<void()>& copy : variant) ns_per_call(copy, calls);
}

// The same lots in every run, so that two runs differ by the machine alone.
class Lots {
 public:
  const std::function<void()>& copy_of(const Variant& variant) {
    return variant[std::uniform_int_distribution<size_t>(0, variant.size() - 1)(engine_)];
  }
  bool coin() { return std::bernoulli_distribution()(engine_); }

 private:
  std::mt19937 engine_{1};
};

}  // namespace

Quartiles quartiles(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return {at(samples, 0.25), at(samples, 0.5), at(samples, 0.75)};
}

Paired time_pairs(const Variant& first, const Variant& second, const PairedOptions& options) {
  warm_up(first, options.calls);
  warm_up(second, options.calls);
  Lots lots;
  std::vector<double> firsts;
  std::vector<double> seconds;
  std::vector<double> differences;
  for (int i = 0; i < options.batches; ++i) {
    const std::array<const std::function<void()>*, 2> calls = {&lots.copy_of(first),
                                                               &lots.copy_of(second)};
    std::array<double, 2> ns{};
    const size_t begins = lots.coin() ? 1 : 0;
    for (const size_t which : {begins, 1 - begins}) {
      ns[which] = ns_per_call(*calls[which], options.calls);
    }
    firsts.push_back(ns[0]);
    seconds.push_back(ns[1]);
    differences.push_back(ns[0] - ns[1]);
  }
  return {quartiles(std::move(firsts)), quartiles(std::move(seconds)),
          quartiles(std::move(differences))};
}

Quartiles time_batches(const Variant& variant, const PairedOptions& options) {
  warm_up(variant, options.calls);
  Lots lots;
  std::vector<double> ns;
  for (int i = 0; i < options.batches; ++i) {
    ns.push_back(ns_per_call(lots.copy_of(variant), options.calls));
  }
  return quartiles(std::move(ns));
}

}  // namespace hollow::benchmarks
