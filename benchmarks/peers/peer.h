// Somebody else's LayerScale, to be timed beside ours in the same process, on the same memory and
// as many threads.
//
// A peer lists the ops of benchmarks/ops.cc that it has, by name, with the dtypes that it is good
// at. It is linked into the benchmarks that name it, and knows of tensors only where they lie.
#ifndef HOLLOW_BENCHMARKS_PEERS_PEER_H_
#define HOLLOW_BENCHMARKS_PEERS_PEER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/dtype.h"

namespace hollow::benchmarks {

// Contiguous, on the CPU, and the same memory that our op works on.
struct Buffers {
  DType dtype;
  int64_t rows;
  int64_t dim;
  void* x;  // [rows, dim], and so are these two
  void* residual;
  void* y;
  void* gamma;  // [dim], and so is the next
  void* grad_gamma;
  std::vector<int64_t> kept;  // of `samples` samples
  int64_t samples;
};

// An op on certain buffers, ready to be called again and again.
struct Call {
  std::function<void()> run;
  // Copies what the last run made to where ours writes, or for an op that makes a new tensor to y.
  // Empty where a run writes there itself.
  std::function<void()> deliver = {};
};

struct PeerOp {
  std::string op;
  std::vector<DType> dtypes;
  std::function<Call(const Buffers&)> prepare;
};

struct Peer {
  std::string name;  // as in forward/f32/257x384/cpu/NAME
  std::string about;
  std::vector<PeerOp> ops;

  // Null where it has not.
  const PeerOp* find(absl::string_view op, DType dtype) const {
    for (const PeerOp& each : ops) {
      if (each.op != op) continue;
      for (const DType own : each.dtypes) {
        if (own == dtype) return &each;
      }
    }
    return nullptr;
  }
};

// What a peer's header declares: makes it work with that many threads, for the whole process. A
// peer that cannot run on this machine has no ops, and says why in `about`.
using PeerFactory = Peer (*)(int threads);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_PEER_H_
