// How wide a launch's accesses are and what the L2 is to do with them, from run time to compile
// time, for kernels over kernels/vector.h.
//
//   visit_access<T>(bytes, caching, [&]<int kBytes, Caching kCaching>() { ...<<<...>>>(...); });
#ifndef HOLLOW_KERNELS_CUDA_ACCESS_H_
#define HOLLOW_KERNELS_CUDA_ACCESS_H_

#include <cstdint>

#include "kernels/cuda/runtime.h"
#include "kernels/vector.h"

namespace hollow::kernels {

inline uint64_t address_of(const void* memory) { return reinterpret_cast<uintptr_t>(memory); }

inline int64_t l2_bytes(Cuda place) {
  int bytes = 0;
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, place.device),
        "cudaDeviceGetAttribute");
  return bytes;
}

// `bytes` is 16, 8, 4 or 2 and holds an element. Only the widest accesses stream: the others exist
// for tensors that begin between two vectors, and every kernel of theirs is one more to compile.
template <typename T, typename Visitor>
void visit_access(int bytes, Caching caching, const Visitor& visitor) {
  if (bytes == 16) {
    if (caching == Caching::kKept) return visitor.template operator()<16, Caching::kKept>();
    if (caching == Caching::kStreamsAll) {
      return visitor.template operator()<16, Caching::kStreamsAll>();
    }
    return visitor.template operator()<16, Caching::kStreamsStores>();
  }
  if (bytes == 8) return visitor.template operator()<8, Caching::kKept>();
  if constexpr (sizeof(T) == 2) {
    if (bytes == 2) return visitor.template operator()<2, Caching::kKept>();
  }
  return visitor.template operator()<4, Caching::kKept>();
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CUDA_ACCESS_H_
