#include "benchmarks/stream_loops.h"

namespace hollow::benchmarks {

const StreamSet kAvx2Streams = kStreams;

}  // namespace hollow::benchmarks
