// libtorch, as its operators do it, in inference mode. Two peers, because there are two ways to
// write residual + gamma * x: "torch" is addcmul, "torch_expr" the expression itself.
#ifndef HOLLOW_BENCHMARKS_PEERS_TORCH_H_
#define HOLLOW_BENCHMARKS_PEERS_TORCH_H_

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

Peer torch_peer(int threads);
Peer torch_expr_peer(int threads);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_TORCH_H_
