// The tensors that the cases work on. Memory is kept from case to case, so that after the first one
// none pays for pages that were never touched.
#ifndef HOLLOW_BENCHMARKS_OPERANDS_H_
#define HOLLOW_BENCHMARKS_OPERANDS_H_

#include <cstdint>
#include <map>
#include <string>

#include "tensor/tensor.h"

namespace hollow::benchmarks {

struct Operands {
  Tensor x;      // [rows, dim], values in [0.5, 1.5) at first
  Tensor y;      // [rows, dim], perhaps without values
  Tensor gamma;  // [dim], values 1 and -1
};

class Workspace {
 public:
  // Views of what is kept for that dtype and device, which grows where it is too small. Operands of
  // earlier calls stay valid, and keep their memory alive.
  Operands operands(int64_t rows, int64_t dim, DType dtype, Device device);

 private:
  struct Kept {
    Tensor x;  // one dimension each
    Tensor y;
  };

  std::map<std::string, Kept> kept_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_OPERANDS_H_
