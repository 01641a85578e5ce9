// The places of a build with a CUDA room. Its twin is places/cpu/places.h; which of the two is
// "kernels/places.h" is chosen by the build, so that no other file has to ask.
#ifndef HOLLOW_KERNELS_PLACES_H_
#define HOLLOW_KERNELS_PLACES_H_

#include <string>
#include <variant>

#include "kernels/place.h"

namespace hollow::kernels {

using Places = std::variant<Cpu, Cuda>;

// The number of CUDA devices that this process can use. 0 without a driver or a device; never
// fails.
int cuda_device_count();

// Why cuda_device_count() is 0, in the driver's words. Empty where it is not.
std::string why_no_cuda();

// The place for a stream of a device. Throws Failure(kNoDevice) where there is no such device.
Places cuda_place(int device, int stream);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_PLACES_H_
