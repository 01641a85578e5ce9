#include "tensor/ops/layer_scale_index_add.h"

#include "kernels/layer_scale.h"
#include "tensor/op_name.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_rules.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kIndexAdd = []<typename T>(auto place, T* y, const T*, const T* x, const T* gamma,
                                          double alpha, kernels::SamplePairs pairs, int64_t rows,
                                          int64_t dim) {
  kernels::layer_scale_index_add(place, y, x, gamma, static_cast<float>(alpha), pairs, rows, dim);
};

// Checks all before the first sample is changed.
void add_one_by_one(OpName op, const Tensor& residual, absl::Span<const int64_t> index,
                    const Tensor& x, const Tensor& gamma, double alpha, Part part) {
  require_writable(op, residual);
  for (const Tensor* const input : {&x, &gamma}) require_no_overlap(op, residual, *input);
  for (const Tensor* const input : {&residual, &x, &gamma}) require_written(op, *input);
  for (size_t i = 0; i < index.size(); ++i) {
    const int64_t from = part == Part::kWhole ? index[i] : static_cast<int64_t>(i);
    const Tensor sample = residual.select(0, index[i]);
    internal::layer_scale_add_into(op, sample, sample, x.select(0, from), gamma, alpha);
  }
}

void add(OpName op, const Tensor& residual, absl::Span<const int64_t> index, const Tensor& x,
         const Tensor& gamma, double alpha, Part part) {
  check_scaled(op, x, gamma);
  check_samples(op, "residual", residual, index, x, part);
  check_alpha(op, alpha, x);
  about({&residual}, [&] { check_dtype(op, Floats{}, residual.dtype()); });
  // A sample would be read for one while it is written for another.
  if (part == Part::kAtIndex) require_apart(op, "the residual and x", residual, x);
  if (index.empty()) return;
  if (!are_fast(residual, x, gamma)) {
    return add_one_by_one(op, residual, index, x, gamma, alpha, part);
  }
  const kernels::SamplePairs pairs = {.count = static_cast<int64_t>(index.size()),
                                      .y = index.data(),
                                      .x = part == Part::kWhole ? index.data() : nullptr};
  const int64_t rows = residual.size(0) == 0 ? 0 : rows_of(residual) / residual.size(0);
  run<F32Floats>(op, residual, {&residual, &x, &gamma}, kIndexAdd, alpha, pairs, rows,
                 gamma.numel());
}

}  // namespace

void layer_scale_index_add_(const Tensor& residual, absl::Span<const int64_t> index,
                            const Tensor& x, const Tensor& gamma, double alpha) {
  add("layer_scale_index_add_", residual, index, x, gamma, alpha, Part::kAtIndex);
}

void layer_scale_drop_path_add_(const Tensor& residual, absl::Span<const int64_t> kept,
                                const Tensor& x, const Tensor& gamma, double alpha) {
  add("layer_scale_drop_path_add_", residual, kept, x, gamma, alpha, Part::kWhole);
}

}  // namespace hollow
