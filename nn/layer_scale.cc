#include "nn/layer_scale.h"

#include "nn/init.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_index_add.h"

namespace hollow::nn {

LayerScale::LayerScale(int64_t dim, const LayerScaleOptions& options)
    : gamma_(add_parameter("gamma", {dim},
                           std::visit([](const auto& values) { return init::constant(values); },
                                      options.init_values),
                           {.dtype = options.dtype, .device = options.device})),
      inplace_(options.inplace) {}

Tensor LayerScale::forward(const Tensor& x) {
  if (!inplace_) return layer_scale(x, gamma_);
  layer_scale_(x, gamma_);
  return x;
}

Tensor LayerScale::forward_add(const Tensor& residual, const Tensor& x, double alpha) {
  if (!inplace_) return layer_scale_add(residual, x, gamma_, alpha);
  layer_scale_add_(residual, x, gamma_, alpha);
  return residual;
}

Tensor LayerScale::forward_index_add(const Tensor& residual, absl::Span<const int64_t> index,
                                     const Tensor& x, double alpha) {
  layer_scale_index_add_(residual, index, x, gamma_, alpha);
  return residual;
}

Tensor LayerScale::forward_drop_path_add(const Tensor& residual, absl::Span<const int64_t> kept,
                                         const Tensor& x, double alpha) {
  layer_scale_drop_path_add_(residual, kept, x, gamma_, alpha);
  return residual;
}

LayerScaleGrads LayerScale::backward(const Tensor& grad_y, const Tensor& x, double alpha) const {
  return layer_scale_backward(grad_y, x, gamma_, alpha);
}

LayerScaleGrads LayerScale::index_add_backward(const Tensor& grad_y,
                                               absl::Span<const int64_t> index, const Tensor& x,
                                               double alpha) const {
  return layer_scale_index_add_backward(grad_y, index, x, gamma_, alpha);
}

LayerScaleGrads LayerScale::drop_path_add_backward(const Tensor& grad_y,
                                                   absl::Span<const int64_t> kept, const Tensor& x,
                                                   double alpha) const {
  return layer_scale_drop_path_add_backward(grad_y, kept, x, gamma_, alpha);
}

}  // namespace hollow::nn
