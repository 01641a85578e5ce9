// The one switch over devices: from a Device, which is a name, to the place where its kernels run.
#ifndef HOLLOW_TENSOR_PLACE_H_
#define HOLLOW_TENSOR_PLACE_H_

#include <utility>
#include <variant>

#include "kernels/failure.h"
#include "kernels/place.h"
#include "kernels/places.h"
#include "tensor/device.h"

namespace hollow {

// The stream that this thread's work on the device goes to: the innermost StreamScope's, else 0.
int current_cuda_stream(Device device);
inline int current_stream(Device device) {
  return device.is_cuda() ? current_cuda_stream(device) : 0;
}

// Throws kernels::Failure where this build or this machine has no such device. Meta is no place: an
// op has returned before it asks.
inline kernels::Places place_of(Device device, int stream) {
  switch (device.type()) {
    case Device::Type::kCpu:
      return kernels::Cpu{};
    case Device::Type::kCuda:
      return kernels::cuda_place(device.index(), stream);
    case Device::Type::kMeta:
      break;
  }
  throw kernels::Failure(kernels::Failure::Kind::kUnsupported, "meta has no memory to work on");
}

// Calls function(place) with the place's own type, so that the kernel is chosen by overload.
template <typename Function>
decltype(auto) visit_place(Device device, int stream, Function&& function) {
  return std::visit(std::forward<Function>(function), place_of(device, stream));
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_PLACE_H_
