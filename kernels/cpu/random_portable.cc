#include "kernels/cpu/random_blocks.h"
#include "kernels/philox.h"

namespace hollow::kernels {
namespace {

template <typename T, typename Distribution>
void fill_block(T* y, uint64_t number, RandomStream stream, const Distribution& fill) {
  typename Distribution::Value value[Distribution::kPerBlock];
  values_of(random_block(stream.key, stream.generation, number), fill, value);
  for (int j = 0; j < Distribution::kPerBlock; ++j) y[j] = convert<T>(value[j]);
}

}  // namespace

template <Isa kIsa, typename T, typename Distribution>
void random_run(T* y, uint64_t first, int64_t blocks, RandomStream stream,
                const Distribution& fill) {
  for (int64_t i = 0; i < blocks; ++i) {
    fill_block(y + Distribution::kPerBlock * i, first + static_cast<uint64_t>(i), stream, fill);
  }
}

template <Isa kIsa, typename T, typename Distribution>
void random_list(T* y, const uint64_t* numbers, int64_t blocks, RandomStream stream,
                 const Distribution& fill) {
  for (int64_t i = 0; i < blocks; ++i) {
    fill_block(y + Distribution::kPerBlock * i, numbers[i], stream, fill);
  }
}

#define PORTABLE(T, Distribution) HOLLOW_RANDOM_BLOCKS_OF(Isa::kPortable, T, Distribution)
HOLLOW_RANDOM_FLOATS(PORTABLE)
PORTABLE(int64_t, IntegerFill)
PORTABLE(double, UniformFill)
PORTABLE(double, NormalFill)
PORTABLE(double, BernoulliFill)
PORTABLE(double, TruncatedNormalFill)

}  // namespace hollow::kernels
