// oneDNN's binary primitive: multiplication, with the addition as its post-op.
#ifndef HOLLOW_BENCHMARKS_PEERS_ONEDNN_H_
#define HOLLOW_BENCHMARKS_PEERS_ONEDNN_H_

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

Peer onednn_peer(int threads);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_ONEDNN_H_
