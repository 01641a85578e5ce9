#include "nn/layer_scale.h"

#include "nn/init.h"
#include "tensor/ops/layer_scale.h"

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

}  // namespace hollow::nn
