#include "tensor/ops/layer_scale.h"

#include "kernels/elementwise.h"
#include "kernels/layer_scale.h"
#include "kernels/runs.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/ops/layer_scale_rules.h"
#include "tensor/run.h"

namespace hollow {
namespace {

// Of contiguous tensors (rows, dim), and of those that lie in runs (runs, dim).
constexpr auto kLayerScale = []<typename T>(auto place, T* y, const T* x, const T* gamma,
                                            const auto& rows, int64_t dim) {
  kernels::layer_scale(place, y, x, gamma, rows, dim);
};

constexpr auto kLayerScaleAdd = []<typename T>(auto place, T* y, const T* residual, const T* x,
                                               const T* gamma, double alpha, const auto& rows,
                                               int64_t dim) {
  kernels::layer_scale_add(place, y, residual, x, gamma, static_cast<float>(alpha), rows, dim);
};

// Of all others, and of f64: the same arithmetic, element by element.
constexpr auto kStridedLayerScale = []<typename T>(auto place, T* y, const T* x, const T* gamma,
                                                   const kernels::Strided<3>& index) {
  kernels::mul(place, y, x, gamma, index);
};

constexpr auto kStridedLayerScaleAdd = []<typename T>(auto place, T* y, const T* residual,
                                                      const T* x, const T* gamma, double alpha,
                                                      const kernels::Strided<4>& index) {
  kernels::addcmul(place, y, residual, x, gamma, static_cast<kernels::Compute<T>>(alpha), index);
};

// Whether the kernels take gamma, and operands of that index beside it, as they are.
template <int kOperands>
bool are_fast_runs(const kernels::Strided<kOperands>& index, const Tensor& gamma) {
  return contains(F32Floats{}, gamma.dtype()) && gamma.is_contiguous() &&
         kernels::lie_in_runs(index, gamma.numel());
}

// Where are_fast() is false: apart, since what it keeps on the stack would cost all others.
[[gnu::noinline]] void strided_into(OpName op, const Tensor& y, const Tensor& x,
                                    const Tensor& gamma) {
  const auto runs = index_of({&y.layout(), &x.layout()});
  if (are_fast_runs(runs, gamma)) {
    return run<F32Floats>(op, y, {&x, &gamma}, kLayerScale, runs, gamma.numel());
  }
  require_no_overlap(op, y, gamma);  // which is walked as another shape below
  const Tensor factors = operand(op, x, gamma);
  run_with(op, {&x, &gamma}, [&] {
    run<Floats>(op, y, {&x, &factors}, kStridedLayerScale,
                index_of({&y.layout(), &x.layout(), &factors.layout()}));
  });
}

[[gnu::noinline]] void strided_add_into(OpName op, const Tensor& y, const Tensor& residual,
                                        const Tensor& x, const Tensor& gamma, double alpha) {
  const auto runs = index_of({&y.layout(), &residual.layout(), &x.layout()});
  if (are_fast_runs(runs, gamma)) {
    return run<F32Floats>(op, y, {&residual, &x, &gamma}, kLayerScaleAdd, alpha, runs,
                          gamma.numel());
  }
  require_no_overlap(op, y, gamma);  // which is walked as another shape below
  const Tensor factors = operand(op, x, gamma);
  run_with(op, {&residual, &x, &gamma}, [&] {
    run<Floats>(op, y, {&residual, &x, &factors}, kStridedLayerScaleAdd, alpha,
                index_of({&y.layout(), &residual.layout(), &x.layout(), &factors.layout()}));
  });
}

void into(OpName op, const Tensor& y, const Tensor& x, const Tensor& gamma) {
  if (!are_fast(y, x, gamma)) return strided_into(op, y, x, gamma);
  run<F32Floats>(op, y, {&x, &gamma}, kLayerScale, rows_of(x), gamma.numel());
}

}  // namespace

namespace internal {

void layer_scale_add_into(OpName op, const Tensor& y, const Tensor& residual, const Tensor& x,
                          const Tensor& gamma, double alpha) {
  if (!are_fast(y, residual, x, gamma)) return strided_add_into(op, y, residual, x, gamma, alpha);
  run<F32Floats>(op, y, {&residual, &x, &gamma}, kLayerScaleAdd, alpha, rows_of(x), gamma.numel());
}

}  // namespace internal

Tensor layer_scale(const Tensor& x, const Tensor& gamma) {
  check_scaled("layer_scale", x, gamma);
  Tensor y = empty("layer_scale", x.shape(), x);
  into("layer_scale", y, x, gamma);
  return y;
}

void layer_scale_out(const Tensor& y, const Tensor& x, const Tensor& gamma) {
  check_scaled("layer_scale_out", x, gamma);
  check_like("layer_scale_out", "output", y, "x", x);
  into("layer_scale_out", y, x, gamma);
}

void layer_scale_(const Tensor& x, const Tensor& gamma) {
  check_scaled("layer_scale_", x, gamma);
  into("layer_scale_", x, x, gamma);
}

Tensor layer_scale_add(const Tensor& residual, const Tensor& x, const Tensor& gamma, double alpha) {
  check_scaled("layer_scale_add", x, gamma);
  check_like("layer_scale_add", "residual", residual, "x", x);
  check_alpha("layer_scale_add", alpha, x);
  Tensor y = empty("layer_scale_add", x.shape(), x);
  internal::layer_scale_add_into("layer_scale_add", y, residual, x, gamma, alpha);
  return y;
}

void layer_scale_add_out(const Tensor& y, const Tensor& residual, const Tensor& x,
                         const Tensor& gamma, double alpha) {
  check_scaled("layer_scale_add_out", x, gamma);
  check_like("layer_scale_add_out", "residual", residual, "x", x);
  check_like("layer_scale_add_out", "output", y, "x", x);
  check_alpha("layer_scale_add_out", alpha, x);
  internal::layer_scale_add_into("layer_scale_add_out", y, residual, x, gamma, alpha);
}

void layer_scale_add_(const Tensor& residual, const Tensor& x, const Tensor& gamma, double alpha) {
  check_scaled("layer_scale_add_", x, gamma);
  check_like("layer_scale_add_", "residual", residual, "x", x);
  check_alpha("layer_scale_add_", alpha, x);
  internal::layer_scale_add_into("layer_scale_add_", residual, residual, x, gamma, alpha);
}

}  // namespace hollow
