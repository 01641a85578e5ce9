#include "kernels/matmul.h"

#include "kernels/dtypes.h"
#include "kernels/failure.h"

namespace hollow::kernels {

template <typename T>
void matmul(Cuda, T*, const T*, const T*, int64_t, int64_t, int64_t) {
  throw Failure(
      Failure::Kind::kUnsupported,
      "there is no matrix product on cuda yet; do this one on cpu with to(Device::cpu())");
}

#define MATMUL(T) template void matmul(Cuda, T*, const T*, const T*, int64_t, int64_t, int64_t);
HOLLOW_F32_FLOATS(MATMUL)

}  // namespace hollow::kernels
