#include "tensor/ops/layer_scale_backward.h"

#include <vector>

#include "kernels/layer_scale_backward.h"
#include "kernels/runs.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/op_name.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale_rules.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kBackward = []<typename T>(auto place, T* grad_x, T* grad_gamma, const T* grad_y,
                                          const T* x, const T* gamma, double alpha,
                                          kernels::SamplePairs pairs, int64_t rows, int64_t dim) {
  kernels::layer_scale_backward(place, grad_x, grad_gamma, grad_y, x, gamma,
                                static_cast<kernels::Compute<T>>(alpha), pairs, rows, dim);
};

constexpr auto kBackwardOfRuns =
    []<typename T>(auto place, T* grad_x, T* grad_gamma, const T* grad_y, const T* x,
                   const T* gamma, double alpha, const kernels::Strided<3>& runs, int64_t dim) {
      kernels::layer_scale_backward(place, grad_x, grad_gamma, grad_y, x, gamma,
                                    static_cast<kernels::Compute<T>>(alpha), runs, dim);
    };

// Whether the kernels take them as they are. Short runs are faster copied.
bool are_long_runs(const kernels::Strided<3>& index, int64_t dim) {
  constexpr int64_t kShortRun = 32;
  return kernels::lie_in_runs(index, dim) && index.size[index.rank - 1] >= kShortRun;
}

// What was written and is contiguous: the tensor itself, or a copy.
Tensor contiguous(OpName op, const Tensor& tensor) {
  about({&tensor}, [&] { check_dtype(op, Floats{}, tensor.dtype()); });
  if (tensor.is_contiguous()) return tensor;
  require_written(op, tensor);
  Tensor copy = about({&tensor}, [&] { return empty(op, tensor.shape(), tensor); });
  copy.copy_(tensor);
  return copy;
}

LayerScaleGrads results(OpName op, const Tensor& x, const Tensor& gamma) {
  return {empty(op, x.shape(), x), empty(op, gamma.shape(), gamma)};
}

void of_rows(OpName op, const Tensor& grad_x, const Tensor& grad_gamma, const Tensor& grad_y,
             const Tensor& x, const Tensor& gamma, double alpha) {
  run<Floats>(op, {&grad_x, &grad_gamma}, {&grad_y, &x, &gamma}, kBackward, alpha,
              kernels::SamplePairs{}, rows_of(x), gamma.numel());
}

// Where an input is not contiguous, or grad_x lies in runs with both.
[[gnu::noinline]] void of_runs(OpName op, const Tensor& grad_x, const Tensor& grad_gamma,
                               const Tensor& grad_y, const Tensor& x, const Tensor& gamma,
                               double alpha) {
  const Tensor factors = contiguous(op, gamma);
  const auto runs = index_of({&grad_x.layout(), &grad_y.layout(), &x.layout()});
  if (are_long_runs(runs, gamma.numel())) {
    return run<Floats>(op, {&grad_x, &grad_gamma}, {&grad_y, &x, &factors}, kBackwardOfRuns, alpha,
                       runs, gamma.numel());
  }
  of_rows(op, grad_x, grad_gamma, contiguous(op, grad_y), contiguous(op, x), factors, alpha);
}

void backward(OpName op, const Tensor& grad_x, const Tensor& grad_gamma, const Tensor& grad_y,
              const Tensor& x, const Tensor& gamma, double alpha) {
  const bool as_they_are = are_contiguous(grad_x, grad_y, x, gamma);
  (as_they_are ? of_rows : of_runs)(op, grad_x, grad_gamma, grad_y, x, gamma, alpha);
}

LayerScaleGrads backward_of_samples(OpName op, const Tensor& grad_y,
                                    absl::Span<const int64_t> index, const Tensor& x,
                                    const Tensor& gamma, double alpha, Part part) {
  check_scaled(op, x, gamma);
  const std::vector<int64_t> kept = check_samples(op, "grad_y", grad_y, index, x, part);
  check_alpha(op, alpha, x);
  const LayerScaleGrads grads = results(op, x, gamma);
  const bool whole = part == Part::kWhole;
  if (whole) {
    int64_t next = 0;
    const auto drop_to = [&](int64_t end) {
      if (next < end) fill_(grads.x.narrow(0, next, end - next), 0);
      next = end + 1;
    };
    for (const int64_t sample : kept) drop_to(sample);
    drop_to(x.size(0));
  }
  const kernels::SamplePairs pairs = {.count = static_cast<int64_t>(index.size()),
                                      .y = index.data(),
                                      .x = whole ? index.data() : nullptr};
  const int64_t rows = grad_y.size(0) == 0 ? 0 : rows_of(grad_y) / grad_y.size(0);
  const Tensor dy = contiguous(op, grad_y), values = contiguous(op, x),
               factors = contiguous(op, gamma);
  run<Floats>(op, {&grads.x, &grads.gamma}, {&dy, &values, &factors}, kBackward, alpha, pairs, rows,
              gamma.numel());
  return grads;
}

}  // namespace

LayerScaleGrads layer_scale_backward(const Tensor& grad_y, const Tensor& x, const Tensor& gamma,
                                     double alpha) {
  constexpr OpName kOp = "layer_scale_backward";
  check_scaled(kOp, x, gamma);
  check_like(kOp, "grad_y", grad_y, "x", x);
  check_alpha(kOp, alpha, x);
  const LayerScaleGrads grads = results(kOp, x, gamma);
  backward(kOp, grads.x, grads.gamma, grad_y, x, gamma, alpha);
  return grads;
}

void layer_scale_backward_out(const Tensor& grad_x, const Tensor& grad_gamma, const Tensor& grad_y,
                              const Tensor& x, const Tensor& gamma, double alpha) {
  constexpr OpName kOp = "layer_scale_backward_out";
  check_scaled(kOp, x, gamma);
  check_like(kOp, "grad_y", grad_y, "x", x);
  check_like(kOp, "grad_x", grad_x, "x", x);
  check_like(kOp, "grad_gamma", grad_gamma, "gamma", gamma);
  check_alpha(kOp, alpha, x);
  const auto index = [&] { return index_of({&grad_x.layout(), &grad_y.layout(), &x.layout()}); };
  if (are_contiguous(grad_gamma, gamma) &&
      (are_contiguous(grad_x, grad_y, x) || are_long_runs(index(), gamma.numel()))) {
    return backward(kOp, grad_x, grad_gamma, grad_y, x, gamma, alpha);
  }
  // Of what is copied run would not see that it overlaps.
  require_apart(kOp, "two outputs", grad_x, grad_gamma);
  for (const Tensor* const output : {&grad_x, &grad_gamma}) {
    for (const Tensor* const input : {&grad_y, &x, &gamma}) {
      require_no_overlap(kOp, *output, *input);
    }
    require_writable(kOp, *output);
  }
  if (are_contiguous(grad_x, grad_gamma)) {
    return backward(kOp, grad_x, grad_gamma, grad_y, x, gamma, alpha);
  }
  const LayerScaleGrads grads = results(kOp, x, gamma);
  backward(kOp, grads.x, grads.gamma, grad_y, x, gamma, alpha);
  grad_x.copy_(grads.x);
  grad_gamma.copy_(grads.gamma);
}

LayerScaleGrads layer_scale_index_add_backward(const Tensor& grad_y,
                                               absl::Span<const int64_t> index, const Tensor& x,
                                               const Tensor& gamma, double alpha) {
  return backward_of_samples("layer_scale_index_add_backward", grad_y, index, x, gamma, alpha,
                             Part::kAtIndex);
}

LayerScaleGrads layer_scale_drop_path_add_backward(const Tensor& grad_y,
                                                   absl::Span<const int64_t> kept, const Tensor& x,
                                                   const Tensor& gamma, double alpha) {
  return backward_of_samples("layer_scale_drop_path_add_backward", grad_y, kept, x, gamma, alpha,
                             Part::kWhole);
}

}  // namespace hollow
