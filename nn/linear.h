// A linear layer: y = x weight^T + bias, torch.nn.Linear with its default initialization: weight
// and bias uniform in [-1/sqrt(in), 1/sqrt(in)).
#ifndef HOLLOW_NN_LINEAR_H_
#define HOLLOW_NN_LINEAR_H_

#include <cstdint>
#include <optional>

#include "nn/module.h"
#include "tensor/tensor.h"

namespace hollow::nn {

struct LinearOptions {
  bool bias = true;  // without one there is no such parameter
  DType dtype = DType::kF32;
  std::optional<Device> device;  // where none is given, default_device()
};

class Linear : public Module {
 public:
  // Throws Error(kShape) for negative sizes; 0 is legal.
  Linear(int64_t in_features, int64_t out_features, const LinearOptions& options = {});

  // x is [..., in_features]. Not on CUDA yet: Error(kUnsupported).
  Tensor forward(const Tensor& x) override;

  const Tensor& weight() const { return weight_; }  // [out_features, in_features]
  const Tensor* bias() const { return bias_; }      // [out_features]; null without one

 private:
  Tensor& weight_;
  Tensor* bias_ = nullptr;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_LINEAR_H_
