#include "kernels/random.h"

#include <algorithm>

#include "kernels/cpu/parallel.h"
#include "kernels/distributions.h"
#include "kernels/dtypes.h"
#include "kernels/philox.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kBlocksPerGrain = 1 << 10;

}  // namespace

template <typename T, typename Distribution>
void random(Cpu, T* y, const Strided<1>& index, RandomStream stream, const Distribution& fill) {
  const int64_t blocks = (index.numel + 3) / 4;
  parallel_for(blocks, kBlocksPerGrain, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      float value[4];
      fill(random_block(stream.key, stream.generation, static_cast<uint64_t>(block)), value);
      const int64_t first = 4 * block;
      const int64_t count = std::min<int64_t>(4, index.numel - first);
      for (int64_t j = 0; j < count; ++j) y[index.offset(0, first + j)] = T(value[j]);
    }
  });
}

#define RANDOM(T)                                                                     \
  template void random(Cpu, T*, const Strided<1>&, RandomStream, const UniformFill&); \
  template void random(Cpu, T*, const Strided<1>&, RandomStream, const NormalFill&);  \
  template void random(Cpu, T*, const Strided<1>&, RandomStream, const TruncatedNormalFill&);
HOLLOW_FLOATS(RANDOM)

}  // namespace hollow::kernels
