#include "benchmarks/peers/eigen.h"

#include "benchmarks/peers/eigen_loops.h"
#include "benchmarks/peers/loops.h"

namespace hollow::benchmarks {

Peer eigen_peer(int) {
  return peer_of_loops("eigen", eigen_version(), eigen_scale, eigen_add, nullptr);
}

}  // namespace hollow::benchmarks
