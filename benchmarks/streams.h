// The loops that the CPU's ceilings are made of: bytes read and written, and no arithmetic to speak
// of. Several do the same, because which is the fastest depends on the machine and on whether the
// bytes are in a cache; all in the widest vectors that the machine has, whatever HOLLOW_ISA says.
#ifndef HOLLOW_BENCHMARKS_STREAMS_H_
#define HOLLOW_BENCHMARKS_STREAMS_H_

#include <cstdint>

#include "absl/types/span.h"
#include "benchmarks/stream_set.h"
#include "kernels/cpu/isa.h"

namespace hollow::benchmarks {

// From `from`.
absl::Span<const Stream> copy_streams();
// Change nothing, in a way that no compiler knows, and do not look at the inputs.
absl::Span<const Stream> update_streams();
// Read `from` and `beside` and write what `beside` holds, which no compiler knows either; `to` may
// be `beside`.
absl::Span<const Stream> merge_streams();
// Write and read nothing.
absl::Span<const Stream> store_streams();

// All of them, in the vectors of an instruction set that the machine has.
const StreamSet& streams_of(kernels::Isa isa);

enum class Threads {
  kOne,
  kAll,  // that the kernels may use
};

void run_stream(Stream stream, Threads threads, char* to, const char* from, const char* beside,
                int64_t bytes);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_STREAMS_H_
