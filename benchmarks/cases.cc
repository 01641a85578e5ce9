#include "benchmarks/cases.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "benchmarks/clock.h"
#include "benchmarks/machine.h"
#include "benchmarks/ops.h"
#include "benchmarks/results.h"
#include "benchmarks/verify.h"
#include "tensor/stream.h"

namespace hollow::benchmarks {
namespace {

// Google Benchmark's loop goes round, and a GPU is waited for, about this often.
constexpr double kBatchSeconds = 0.01;

constexpr int64_t kTokens = 257;  // of an image: 16 x 16 patches and the class token

constexpr Extent kShapes[] = {
    {1, 384},
    {kTokens, 384},
    {kTokens, 1024},
    {kTokens, 1536},
    {kTokens, 4096},
    {64 * kTokens, 384},
    {64 * kTokens, 1024},
    {64 * kTokens, 1536},
    {64 * kTokens, 4096},
    // No row at a line, and no vector that fits: what that costs beside 384 and 1024.
    {kTokens, 385},
    {kTokens, 384, 1},
    {64 * kTokens, 1025},
    {64 * kTokens, 1024, 1},
    // A gap behind every row.
    {kTokens, 384, 0, 768},
    {64 * kTokens, 1024, 0, 2048},
};

std::string to_string(const Extent& shape) {
  std::string text = absl::StrCat(shape.rows, "x", shape.dim);
  if (shape.first > 0) absl::StrAppend(&text, "+", shape.first);
  if (shape.of > 0) absl::StrAppend(&text, "of", shape.of);
  return text;
}
constexpr DType kDTypes[] = {DType::kF32, DType::kBF16, DType::kF16};

// What one implementation makes of an op on a shape.
struct Case {
  const Op* op;
  const PeerOp* peer;  // null: we ourselves
  Extent shape;
  DType dtype;
  Device device;
};

template <typename Call>
double seconds_of_call(Device device, Call& call) {
  const Stopwatch watch;
  call();
  synchronize(device);
  return watch.seconds();
}

// Seconds a call. `batch` is 0 at first, and kept from then on: repetitions must be of as many
// calls.
template <typename Call>
double time_calls(benchmark::State& state, Device device, int64_t& batch, Call call) {
  if (batch == 0) {
    seconds_of_call(device, call);  // the first one pays for what is loaded or started lazily
    batch = std::max<int64_t>(1, std::llrint(kBatchSeconds / seconds_of_call(device, call)));
  }
  const Stopwatch watch;
  while (state.KeepRunningBatch(batch)) {
    for (int64_t i = 0; i < batch; ++i) call();
    synchronize(device);
  }
  return watch.seconds() / static_cast<double>(state.iterations());
}

void measure(benchmark::State& state, Session& session, const Case& c, int64_t& batch) {
  Operands t = session.workspace.operands(c.shape, c.dtype, c.device);
  Call theirs;
  if (c.peer != nullptr) {
    if (batch == 0) verify(*c.op, *c.peer, t);
    theirs = c.peer->prepare(buffers(t));
  }
  // Before each of our own repetitions, which gives the threads of another library the time to fall
  // asleep, too.
  const auto ceiling_of = c.peer == nullptr ? &Ceilings::sample : &Ceilings::known;
  const auto aligned = [&] {
    return session.workspace.operands({c.shape.rows, c.shape.dim}, c.dtype, c.device);
  };
  const double ceiling =
      c.shape.rows > 1 ? (session.ceilings.*ceiling_of)(c.op->pattern, aligned()) : 0.0;
  const double seconds = c.peer != nullptr
                             ? time_calls(state, c.device, batch, std::move(theirs.run))
                             : time_calls(state, c.device, batch, [&] { c.op->run(t); });
  const double bytes = static_cast<double>(c.op->useful_bytes(t));
  state.counters["useful_bytes"] = bytes;
  state.counters["bytes_per_second"] = bytes / seconds;
  if (ceiling > 0.0) state.counters["ceiling_bytes_per_second"] = ceiling;
}

// A device that has too little memory, or a peer that computes something else, fails its own cases
// and no others.
void register_case(Session& session, const std::string& name, const Case& c) {
  benchmark::RegisterBenchmark(
      name.c_str(), [&session, name, c, batch = int64_t{0}](benchmark::State& state) mutable {
        session.progress.at(name);
        try {
          measure(state, session, c, batch);
        } catch (const std::exception& error) {
          ++session.failures;
          state.SetLabel(error.what());
          state.SkipWithError(error.what());
        }
      });
}

int register_implementations(Session& session, Case c) {
  const CaseName ours = {c.op->name, std::string(to_string(c.dtype)), to_string(c.shape),
                         to_string(c.device), kOurs};
  register_case(session, to_string(ours), c);
  int count = 1;
  // Peers take what is contiguous, in the host's memory.
  if (!c.device.is_cpu() || c.shape.of > 0) return count;
  for (const Peer& peer : session.peers) {
    c.peer = peer.find(c.op->name, c.dtype);
    if (c.peer == nullptr) continue;
    CaseName theirs = ours;
    theirs.implementation = peer.name;
    register_case(session, to_string(theirs), c);
    ++count;
  }
  return count;
}

}  // namespace

int register_cases(Session& session) {
  int count = 0;
  for (const Device device : devices()) {
    for (const DType dtype : kDTypes) {
      for (const Op& op : ops()) {
        for (const Extent& shape : kShapes) {
          if (shape.rows % op.rows_of != 0) continue;
          count += register_implementations(session, {&op, nullptr, shape, dtype, device});
        }
      }
    }
  }
  return count;
}

}  // namespace hollow::benchmarks
