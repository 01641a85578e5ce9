#include "kernels/cpu/lanes_avx2.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/scale_backward_lanes.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {

#define BACKWARD(T) HOLLOW_SCALE_BACKWARD_OF(Isa::kAvx2, T)
HOLLOW_F32_FLOATS(BACKWARD)

}  // namespace hollow::kernels
