#include "benchmarks/streams.h"

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/parallel.h"

namespace hollow::benchmarks {
namespace {

const StreamSet& widest() { return streams_of(kernels::available_isas().back()); }

}  // namespace

const StreamSet& streams_of(kernels::Isa isa) {
  switch (isa) {
#ifdef __x86_64__
    case kernels::Isa::kAvx512:
      return kAvx512Streams;
    case kernels::Isa::kAvx2:
      return kAvx2Streams;
#else
    case kernels::Isa::kAvx512:
    case kernels::Isa::kAvx2:
#endif
    case kernels::Isa::kPortable:
      break;
  }
  return kPortableStreams;
}

absl::Span<const Stream> copy_streams() { return widest().copy; }
absl::Span<const Stream> update_streams() { return widest().update; }
absl::Span<const Stream> merge_streams() { return widest().merge; }
absl::Span<const Stream> store_streams() { return widest().store; }

void run_stream(Stream stream, Threads threads, char* to, const char* from, const char* beside,
                int64_t bytes) {
  if (threads == Threads::kOne) return stream(to, from, beside, bytes);
  kernels::parallel_for(bytes, int64_t{1} << 16, int64_t{1} << 12, [=](int64_t begin, int64_t end) {
    stream(to + begin, from + begin, beside + begin, end - begin);
  });
}

}  // namespace hollow::benchmarks
