#include "benchmarks/peers/plain.h"

#include "benchmarks/peers/loops.h"
#include "benchmarks/peers/plain_loops.h"

namespace hollow::benchmarks {

Peer plain_peer(int) {
  return peer_of_loops("plain", "two nested loops, -O3 -march=x86-64-v3", plain_scale, plain_add,
                       plain_backward);
}

}  // namespace hollow::benchmarks
