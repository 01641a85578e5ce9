#include "benchmarks/cases.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "benchmarks/clock.h"
#include "benchmarks/machine.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/stream.h"

namespace hollow::benchmarks {
namespace {

// Google Benchmark's loop goes round, and a GPU is waited for, about this often.
constexpr double kBatchSeconds = 0.01;

constexpr int64_t kTokens = 257;  // of an image: 16 x 16 patches and the class token
constexpr int64_t kRows[] = {kTokens, 64 * kTokens};
constexpr int64_t kDims[] = {384, 1024, 1536, 4096};
constexpr DType kDTypes[] = {DType::kF32, DType::kBF16, DType::kF16};

struct Op {
  const char* name;
  Pattern pattern;
  void (*run)(const Operands& operands);
};

constexpr Op kOps[] = {
    {"forward", Pattern::kCopy, [](const Operands& t) { (void)layer_scale(t.x, t.gamma); }},
    {"forward_out", Pattern::kCopy, [](const Operands& t) { layer_scale_out(t.y, t.x, t.gamma); }},
    {"inplace", Pattern::kUpdate, [](const Operands& t) { layer_scale_(t.x, t.gamma); }},
};

double seconds_of_call(const Op& op, const Operands& t) {
  const Stopwatch watch;
  op.run(t);
  synchronize(t.x.device());
  return watch.seconds();
}

// `batch` is 0 at first, and kept from then on: repetitions must be of as many calls.
void measure_op(benchmark::State& state, const Op& op, const Operands& t, Ceilings& ceilings,
                int64_t& batch) {
  const Device device = t.x.device();
  const Tensor x = t.x.reshape({-1});
  const Tensor y = t.y.reshape({-1});
  const double ceiling = ceilings.sample(op.pattern, y, x);
  const double bytes = static_cast<double>(2 * x.nbytes() + t.gamma.nbytes());
  if (batch == 0) {
    seconds_of_call(op, t);  // the first one pays for what is loaded or started lazily
    batch = std::max<int64_t>(1, std::llrint(kBatchSeconds / seconds_of_call(op, t)));
  }

  const Stopwatch watch;
  while (state.KeepRunningBatch(batch)) {
    for (int64_t i = 0; i < batch; ++i) op.run(t);
    synchronize(device);
  }
  const double rate = bytes * static_cast<double>(state.iterations()) / watch.seconds();
  state.counters["bytes_per_second"] = rate;
  state.counters["ceiling_bytes_per_second"] = ceiling;
  state.counters["pct_ceiling"] = 100.0 * rate / ceiling;
}

// `measure` may throw: a device that has too little memory fails its own cases and no others.
template <typename Measure>
void register_case(Session& session, const std::string& name, Measure measure) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [&session, name, measure](benchmark::State& state) mutable {
                                 session.progress.at(name);
                                 try {
                                   measure(state);
                                 } catch (const std::exception& error) {
                                   ++session.failures;
                                   state.SetLabel(error.what());
                                   state.SkipWithError(error.what());
                                 }
                               });
}

void register_op(Session& session, const Op& op, int64_t rows, int64_t dim, DType dtype,
                 Device device) {
  register_case(
      session,
      absl::StrCat(op.name, "/", to_string(dtype), "/", rows, "x", dim, "/", to_string(device)),
      [=, &session, &op, batch = int64_t{0}](benchmark::State& state) mutable {
        measure_op(state, op, session.workspace.operands(rows, dim, dtype, device),
                   session.ceilings, batch);
      });
}

}  // namespace

int register_cases(Session& session) {
  int count = 0;
  for (const Device device : devices()) {
    for (const DType dtype : kDTypes) {
      for (const Op& op : kOps) {
        for (const int64_t rows : kRows) {
          for (const int64_t dim : kDims) {
            register_op(session, op, rows, dim, dtype, device);
            ++count;
          }
        }
      }
    }
  }
  return count;
}

}  // namespace hollow::benchmarks
