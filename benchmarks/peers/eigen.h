// Eigen's arrays. It has one thread for these, so the rows are shared out among ours.
#ifndef HOLLOW_BENCHMARKS_PEERS_EIGEN_H_
#define HOLLOW_BENCHMARKS_PEERS_EIGEN_H_

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

Peer eigen_peer(int threads);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_EIGEN_H_
