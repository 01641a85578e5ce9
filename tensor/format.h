// Tensors as text. Never throws for want of values: what has none says so.
//
//   tensor([[1, 2], [3, 4]], f32, cpu)
//   tensor("ls1.gamma", shape=[1024], f32, meta)
//   tensor(shape=[2, 2], f32, cpu, allocated: 4 of 4 elements were never written)
#ifndef HOLLOW_TENSOR_FORMAT_H_
#define HOLLOW_TENSOR_FORMAT_H_

#include <ostream>
#include <string>

#include "tensor/tensor.h"

namespace hollow {

// Above 1000 elements the first and last three of every dimension stand for the others.
std::string to_string(const Tensor& tensor);
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_FORMAT_H_
