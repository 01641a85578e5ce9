#include "kernels/cpu/lanes_avx512.h"
#include "kernels/cpu/random_blocks.h"
#include "kernels/cpu/random_lanes.h"

namespace hollow::kernels {

#define BLOCKS(T, Distribution) HOLLOW_RANDOM_BLOCKS_OF(Isa::kAvx512, T, Distribution)
HOLLOW_RANDOM_FLOATS(BLOCKS)

}  // namespace hollow::kernels
