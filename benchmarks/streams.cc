#include "benchmarks/streams.h"

#include "kernels/cpu/parallel.h"

namespace hollow::benchmarks {
namespace {

const StreamSet& widest() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) return kAvx512Streams;
  if (__builtin_cpu_supports("avx2")) return kAvx2Streams;
#endif
  return kPortableStreams;
}

}  // namespace

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
