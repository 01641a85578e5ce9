#include "benchmarks/stream_loops.h"

namespace hollow::benchmarks {

const StreamSet kPortableStreams = kStreams;

}  // namespace hollow::benchmarks
