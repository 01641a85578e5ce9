#include "tensor/ops/layer_scale.h"

#include <cmath>

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

constexpr auto kLayerScaleAdd = []<typename T>(auto place, T* y, const T* residual, const T* x,
                                               const T* gamma, float alpha, int64_t rows,
                                               int64_t dim) {
  kernels::layer_scale_add(place, y, residual, x, gamma, alpha, rows, dim);
};

constexpr auto kStridedLayerScaleAdd = []<typename T>(auto place, T* y, const T* residual,
                                                      const T* x, const T* gamma, float alpha,
                                                      const kernels::Strided<4>& index) {
  kernels::addcmul(place, y, residual, x, gamma, alpha, index);
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

int64_t rows_of(const Tensor& x, const Tensor& gamma) {
  return gamma.numel() == 0 ? 0 : x.numel() / gamma.numel();
}

void into(absl::string_view op, const Tensor& y, const Tensor& x, const Tensor& gamma) {
  if (y.is_contiguous() && x.is_contiguous() && gamma.is_contiguous()) {
    return run<Floats>(op, y, {&x, &gamma}, kLayerScale, rows_of(x, gamma), gamma.numel());
  }
  const Tensor factors = operand(op, x, gamma);
  run<Floats>(op, y, {&x, &factors}, kStridedLayerScale,
              index_of({&y.layout(), &x.layout(), &factors.layout()}));
}

// Of y too, which is the output where there is one already, or else x again.
void check_residual(absl::string_view op, const Tensor& y, const Tensor& residual, const Tensor& x,
                    double alpha) {
  if (residual.shape() != x.shape() || y.shape() != x.shape()) {
    throw Error(
        ErrorCode::kShape, op,
        absl::StrCat("the residual and the output must have the shape of x; the residual is ",
                     describe(residual), ", the output ", describe(y), " and x ", describe(x)));
  }
  require_one_device(op, residual, x);
  require_one_dtype(op, residual, x);
  if (!std::isfinite(static_cast<float>(alpha))) {
    throw Error(ErrorCode::kValue, op,
                absl::StrCat("alpha must be finite in f32; it is ", alpha, ", for ", describe(x)));
  }
}

void into(absl::string_view op, const Tensor& y, const Tensor& residual, const Tensor& x,
          const Tensor& gamma, double alpha) {
  const float factor = static_cast<float>(alpha);
  if (y.is_contiguous() && residual.is_contiguous() && x.is_contiguous() && gamma.is_contiguous()) {
    return run<Floats>(op, y, {&residual, &x, &gamma}, kLayerScaleAdd, factor, rows_of(x, gamma),
                       gamma.numel());
  }
  const Tensor factors = operand(op, x, gamma);
  run<Floats>(op, y, {&residual, &x, &factors}, kStridedLayerScaleAdd, factor,
              index_of({&y.layout(), &residual.layout(), &x.layout(), &factors.layout()}));
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

Tensor layer_scale_add(const Tensor& residual, const Tensor& x, const Tensor& gamma, double alpha) {
  check("layer_scale_add", x, gamma);
  check_residual("layer_scale_add", x, residual, x, alpha);
  Tensor y = empty("layer_scale_add", x.shape(), like(x));
  into("layer_scale_add", y, residual, x, gamma, alpha);
  return y;
}

void layer_scale_add_out(const Tensor& y, const Tensor& residual, const Tensor& x,
                         const Tensor& gamma, double alpha) {
  check("layer_scale_add_out", x, gamma);
  check_residual("layer_scale_add_out", y, residual, x, alpha);
  into("layer_scale_add_out", y, residual, x, gamma, alpha);
}

void layer_scale_add_(const Tensor& residual, const Tensor& x, const Tensor& gamma, double alpha) {
  check("layer_scale_add_", x, gamma);
  check_residual("layer_scale_add_", residual, residual, x, alpha);
  into("layer_scale_add_", residual, residual, x, gamma, alpha);
}

}  // namespace hollow
