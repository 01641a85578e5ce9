// The loop as most people write it, compiled as most people would: -O3 -march=x86-64-v3.
#ifndef HOLLOW_BENCHMARKS_PEERS_PLAIN_H_
#define HOLLOW_BENCHMARKS_PEERS_PLAIN_H_

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

Peer plain_peer(int threads);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_PLAIN_H_
