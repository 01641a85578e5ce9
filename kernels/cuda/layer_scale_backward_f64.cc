#include "kernels/failure.h"
#include "kernels/layer_scale_backward.h"

namespace hollow::kernels {

namespace {

[[noreturn]] void refuse() {
  throw Failure(
      Failure::Kind::kUnsupported,
      "there are no gradients in f64 on cuda; take f32, or the cpu with to(Device::cpu())");
}

}  // namespace

template <>
void layer_scale_backward(Cuda, double*, double*, const double*, const double*, const double*,
                          double, const SamplePairs&, int64_t, int64_t) {
  refuse();
}

template <>
void layer_scale_backward(Cuda, double*, double*, const double*, const double*, const double*,
                          double, const Strided<3>&, int64_t) {
  refuse();
}

}  // namespace hollow::kernels
