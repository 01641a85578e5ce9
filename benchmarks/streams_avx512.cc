#include "benchmarks/stream_loops.h"

namespace hollow::benchmarks {

const StreamSet kAvx512Streams = kStreams;

}  // namespace hollow::benchmarks
