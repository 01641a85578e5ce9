#include "tensor/ops/layer_scale.h"

#include "absl/strings/str_cat.h"
#include "kernels/elementwise.h"
#include "kernels/layer_scale.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kLayerScale = []<typename T>(auto place, T* y, const T* x, const T* gamma,
                                            int64_t rows, int64_t dim) {
  kernels::layer_scale(place, y, x, gamma, rows, dim);
};

// For tensors that are not contiguous: the same arithmetic, element by element.
constexpr auto kStridedLayerScale = []<typename T>(auto place, T* y, const T* x, const T* gamma,
                                                   const kernels::Strided<3>& index) {
  kernels::mul(place, y, x, gamma, index);
};

void check(absl::string_view op, const Tensor& x, const Tensor& gamma) {
  if (gamma.dim() != 1 || x.dim() < 1 || x.size(-1) != gamma.size(0)) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("gamma must be [dim], and the last size of x that dim; gamma is ",
                             describe(gamma), " and x is ", describe(x)));
  }
  require_one_device(op, gamma, x);
  require_one_dtype(op, gamma, x);
}

void into(absl::string_view op, const Tensor& y, const Tensor& x, const Tensor& gamma) {
  const int64_t dim = gamma.numel();
  if (y.is_contiguous() && x.is_contiguous() && gamma.is_contiguous()) {
    return run<Floats>(op, y, {&x, &gamma}, kLayerScale, dim == 0 ? 0 : x.numel() / dim, dim);
  }
  const Tensor factors = operand(op, x, gamma);
  run<Floats>(op, y, {&x, &factors}, kStridedLayerScale,
              index_of({&y.layout(), &x.layout(), &factors.layout()}));
}

}  // namespace

Tensor layer_scale(const Tensor& x, const Tensor& gamma) {
  check("layer_scale", x, gamma);
  Tensor y = empty("layer_scale", x.shape(), like(x));
  into("layer_scale", y, x, gamma);
  return y;
}

void layer_scale_out(const Tensor& y, const Tensor& x, const Tensor& gamma) {
  check("layer_scale_out", x, gamma);
  if (y.shape() != x.shape()) {
    throw Error(
        ErrorCode::kShape, "layer_scale_out",
        absl::StrCat("the output, ", describe(y), ", has not the shape of x, ", describe(x)));
  }
  into("layer_scale_out", y, x, gamma);
}

void layer_scale_(const Tensor& x, const Tensor& gamma) {
  check("layer_scale_", x, gamma);
  into("layer_scale_", x, x, gamma);
}

}  // namespace hollow
