#include "tensor/ops/fill.h"

#include "kernels/elementwise.h"
#include "tensor/describe.h"
#include "tensor/index.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kFill = []<typename T>(auto place, T* y, const kernels::Strided<1>& index,
                                      Scalar value) {
  kernels::fill(place, y, index, value.to<T>());
};

}  // namespace

void fill_(const Tensor& tensor, Scalar value) {
  about({&tensor}, [&] { value.check_fits("fill_", tensor.dtype()); });
  if (tensor.is_meta() || (value.is_zero_bits() && tensor.storage()->zero())) {
    return run<AllTypes>("fill_", tensor, kLeave);
  }
  run<AllTypes>("fill_", tensor, kFill, index_of({&tensor.layout()}), value);
}

}  // namespace hollow
