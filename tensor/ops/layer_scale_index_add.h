// The residual block of stochastic depth (Huang et al., 2016): samples of the batch are dropped,
// and what is dropped moves no bytes.
//
//   const std::vector<int64_t> index = {0, 3, 4};                      // of 6 samples
//   layer_scale_index_add_(residual, index, branch, ls.gamma(), 6.0 / 3);
//
// is what DINOv2 trains with: the branch was computed for these samples alone. Where it was
// computed for all of them, as by a DropPath that comes after it, layer_scale_drop_path_add_ takes
// it so.
//
// residual is [samples, ..., dim], gamma [dim]; floating types, all of one dtype, computed and
// rounded as in layer_scale_add. The index is in host memory for any device: it is checked without
// waiting for one, and on meta too. It names samples from 0 on, in any order, each at most once.
#ifndef HOLLOW_TENSOR_OPS_LAYER_SCALE_INDEX_ADD_H_
#define HOLLOW_TENSOR_OPS_LAYER_SCALE_INDEX_ADD_H_

#include <cstdint>

#include "absl/types/span.h"
#include "tensor/tensor.h"

namespace hollow {

// residual[index[i]] += alpha * gamma * x[i]. x has as many samples as the index.
void layer_scale_index_add_(const Tensor& residual, absl::Span<const int64_t> index,
                            const Tensor& x, const Tensor& gamma, double alpha = 1.0);

// residual[i] += alpha * gamma * x[i] for each i in `kept`. x has residual's shape.
void layer_scale_drop_path_add_(const Tensor& residual, absl::Span<const int64_t> kept,
                                const Tensor& x, const Tensor& gamma, double alpha = 1.0);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LAYER_SCALE_INDEX_ADD_H_
