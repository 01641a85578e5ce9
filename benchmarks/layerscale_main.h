// The main function of the LayerScale benchmark, beside peers of the caller's choice.
#ifndef HOLLOW_BENCHMARKS_LAYERSCALE_MAIN_H_
#define HOLLOW_BENCHMARKS_LAYERSCALE_MAIN_H_

#include <vector>

#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

// The flags are Google Benchmark's, and --help says which matter. 1 for what is no flag, a filter
// that fits no case, and a case that failed, be it that a peer computes something else.
int layerscale_main(int argc, char** argv, const std::vector<PeerFactory>& peers);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_LAYERSCALE_MAIN_H_
