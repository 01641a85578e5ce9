// The places of a build without a CUDA room. Its twin is places/cpu_cuda/places.h; which of the two
// is "kernels/places.h" is chosen by the build, so that no other file has to ask.
#ifndef HOLLOW_KERNELS_PLACES_H_
#define HOLLOW_KERNELS_PLACES_H_

#include <string>
#include <variant>

#include "kernels/failure.h"
#include "kernels/place.h"

namespace hollow::kernels {

using Places = std::variant<Cpu>;

inline int cuda_device_count() { return 0; }

inline std::string why_no_cuda() {
  return "this build has no CUDA room: no CUDA toolkit was found when it was configured, or "
         "--//bazel:cuda=false switched it off";
}

[[noreturn]] inline Places cuda_place(int device, int) {
  throw Failure(Failure::Kind::kNoDevice, "cuda:" + std::to_string(device) + " is not there: " +
                                              why_no_cuda() + "; Device::cpu() always is");
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_PLACES_H_
