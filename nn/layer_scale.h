// LayerScale, as in DINOv2 and CaiT: y = x * gamma, one learnt factor a channel.
//
//   std::unique_ptr<nn::LayerScale> ls;
//   {
//     DeviceScope scope(Device::meta());
//     ls = std::make_unique<nn::LayerScale>(1024, nn::LayerScaleOptions{.init_values = 1e-5f});
//   }                                // 0 bytes so far
//   ls->to_empty(Device::cpu());     // memory, no values: reading gamma is an error now, not 0.0
//   ls->reset_parameters();          // values: mean(gamma) == 1e-5f
#ifndef HOLLOW_NN_LAYER_SCALE_H_
#define HOLLOW_NN_LAYER_SCALE_H_

#include <cstdint>
#include <optional>
#include <variant>

#include "nn/module.h"
#include "tensor/scalar.h"
#include "tensor/tensor.h"

namespace hollow::nn {

struct LayerScaleOptions {
  // One value for all channels, or a tensor [dim] with one for each, which must have its values
  // now.
  std::variant<Scalar, Tensor> init_values = Scalar(1e-5f);
  // forward() writes into its argument and returns it; forward_add() into the residual.
  bool inplace = false;
  DType dtype = DType::kF32;
  std::optional<Device> device;  // where none is given, default_device()
};

class LayerScale : public Module {
 public:
  // Throws Error(kShape) for a negative dim or a tensor of another shape, Error(kMeta) and
  // Error(kUninitialized) for a tensor without values.
  explicit LayerScale(int64_t dim, const LayerScaleOptions& options = {});

  // x is [..., dim], of gamma's dtype and on its device.
  Tensor forward(const Tensor& x) override;

  // residual + alpha * forward(x), in one pass over memory; into the residual, which it returns,
  // where `inplace` is set. Low precision is rounded once. The residual has x's shape.
  Tensor forward_add(const Tensor& residual, const Tensor& x, double alpha = 1.0);

  const Tensor& gamma() const { return gamma_; }

 private:
  Tensor& gamma_;
  bool inplace_;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_LAYER_SCALE_H_
