#include "kernels/cpu/lanes_avx512.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/scale_flat_lanes.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {

#define FLAT(T) HOLLOW_SCALE_FLAT_OF(Isa::kAvx512, T)
HOLLOW_F32_FLOATS(FLAT)

}  // namespace hollow::kernels
