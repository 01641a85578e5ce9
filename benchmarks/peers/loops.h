// What the peers that have no threads of their own share.
#ifndef HOLLOW_BENCHMARKS_PEERS_LOOPS_H_
#define HOLLOW_BENCHMARKS_PEERS_LOOPS_H_

#include <cstdint>
#include <string>

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

// One thread's part. y may be x, or the residual.
using ScaleRows = void (*)(float* y, const float* x, const float* gamma, int64_t rows, int64_t dim);
using AddRows = void (*)(float* y, const float* residual, const float* x, const float* gamma,
                         int64_t rows, int64_t dim);
// Adds to sums[dim], and writes grad_x.
using BackwardRows = void (*)(float* grad_x, float* sums, const float* grad_y, const float* x,
                              const float* gamma, int64_t rows, int64_t dim);

// All ops, made of these in f32, but backward where there is none, with the rows shared out among
// our threads. A new tensor is what new float[] gives. Without ops where the processor lacks what
// x86-64-v3 means: AVX2 and FMA.
Peer peer_of_loops(std::string name, std::string about, ScaleRows scale, AddRows add,
                   BackwardRows backward);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_LOOPS_H_
