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

#include "absl/types/span.h"
#include "nn/module.h"
#include "tensor/ops/layer_scale_backward.h"
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

  // Stochastic depth: residual[index[i]] += alpha * forward(x[i]), for an x of these samples alone.
  // Into the residual, which it returns; other samples are not touched. See drop_path() and
  // sample_subset() for indices.
  Tensor forward_index_add(const Tensor& residual, absl::Span<const int64_t> index, const Tensor& x,
                           double alpha = 1.0);

  // The same for an x of all samples, of which those in `kept` count.
  Tensor forward_drop_path_add(const Tensor& residual, absl::Span<const int64_t> kept,
                               const Tensor& x, double alpha = 1.0);

  // The gradients of x and of gamma: of forward and forward_add, and of the two above. x is what
  // those had, so of an in-place forward a copy from before it.
  LayerScaleGrads backward(const Tensor& grad_y, const Tensor& x, double alpha = 1.0) const;
  LayerScaleGrads index_add_backward(const Tensor& grad_y, absl::Span<const int64_t> index,
                                     const Tensor& x, double alpha = 1.0) const;
  LayerScaleGrads drop_path_add_backward(const Tensor& grad_y, absl::Span<const int64_t> kept,
                                         const Tensor& x, double alpha = 1.0) const;

  const Tensor& gamma() const { return gamma_; }

 private:
  Tensor& gamma_;
  bool inplace_;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_LAYER_SCALE_H_
