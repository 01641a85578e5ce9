// The product of a linear layer: y = x weight^T + bias, torch.nn.functional.linear.
#ifndef HOLLOW_TENSOR_OPS_LINEAR_H_
#define HOLLOW_TENSOR_OPS_LINEAR_H_

#include "tensor/tensor.h"

namespace hollow {

// x is [..., in], weight [out, in], bias [out] or none; the result is [..., out], contiguous. f32,
// f16, bf16, all of one dtype; the product accumulates in f32 and is rounded once, and once more
// where a bias is added. On the CPU it is oneDNN's; on CUDA there is none yet, and the call throws
// Error(kUnsupported).
Tensor linear(const Tensor& x, const Tensor& weight);
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OPS_LINEAR_H_
