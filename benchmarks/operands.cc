#include "benchmarks/operands.h"

#include "absl/strings/str_cat.h"
#include "nn/stochastic_depth.h"
#include "tensor/factory.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"

namespace hollow::benchmarks {
namespace {

void reset(const Tensor& x, const Tensor& residual, const Tensor& y) {
  uniform_(x, 0.5, 1.5, RngKey(0) / "x");
  uniform_(residual, 0.5, 1.5, RngKey(0) / "residual");
  fill_(y, 0.0);
}

}  // namespace

Operands Workspace::operands(const Extent& extent, DType dtype, Device device) {
  const TensorOptions options{.dtype = dtype, .device = device};
  const int64_t numel = extent.rows * extent.width();
  const std::string key = absl::StrCat(to_string(dtype), "/", to_string(device));

  auto kept = kept_.find(key);
  if (kept != kept_.end() && kept->second.x.numel() < extent.first + numel) {
    kept_.erase(kept);  // before the larger ones are made, or both would have to fit
    kept = kept_.end();
  }
  if (kept == kept_.end()) {
    const Shape all = {extent.first + numel};
    const Kept made = {empty(all, options), empty(all, options), empty(all, options)};
    reset(made.x, made.residual, made.y);
    kept = kept_.emplace(key, made).first;
  }

  // Signs alone: however often an in-place case multiplies x by them, its magnitudes stay what they
  // were, and no case slides into subnormals.
  const Tensor gamma = empty({extent.dim}, options);
  gamma.write<float>([](absl::Span<float> values) {
    for (size_t c = 0; c < values.size(); ++c) values[c] = c * c % 7 < 3 ? -1.0f : 1.0f;
  });
  const auto part = [&](const Tensor& whole) {
    return whole.narrow(0, extent.first, numel)
        .reshape({extent.rows, extent.width()})
        .narrow(1, 0, extent.dim);
  };
  return {.x = part(kept->second.x),
          .residual = part(kept->second.residual),
          .y = part(kept->second.y),
          .gamma = gamma,
          .grad_gamma = zeros({extent.dim}, options),
          .kept = nn::sample_subset(kSamples, 0.4, RngKey(0) / "kept").index,
          .made = {}};
}

void reset(const Operands& operands) {
  reset(operands.x, operands.residual, operands.y);
  fill_(operands.grad_gamma, 0.0);
}

}  // namespace hollow::benchmarks
