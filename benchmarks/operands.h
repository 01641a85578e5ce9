// The tensors that the cases work on. Memory is kept from case to case, so that after the first one
// none pays for pages that were never touched.
#ifndef HOLLOW_BENCHMARKS_OPERANDS_H_
#define HOLLOW_BENCHMARKS_OPERANDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace hollow::benchmarks {

// What rows are of, where an op knows samples: a batch of images.
inline constexpr int64_t kSamples = 64;

// How a case's tensors lie in memory that begins at a line of 64 bytes.
struct Extent {
  int64_t rows;
  int64_t dim;
  int64_t first = 0;  // the element at which they begin
  int64_t of = 0;     // the width of the table of which a row is a part; 0 for dim, without gaps

  int64_t width() const { return of == 0 ? dim : of; }
};

struct Operands {
  Tensor x;                    // [rows, dim], values in [0.5, 1.5) at first
  Tensor residual;             // [rows, dim], like x; the other tensor that an op reads
  Tensor y;                    // [rows, dim], 0 at first
  Tensor gamma;                // [dim], values 1 and -1
  Tensor grad_gamma;           // [dim]
  std::vector<int64_t> kept;   // of kSamples samples, 60 %, as sample_subset draws them
  std::optional<Tensor> made;  // what an op that makes a new tensor made last
};

class Workspace {
 public:
  // Views of what is kept for that dtype and device, which grows where it is too small. Operands of
  // earlier calls stay valid, and keep their memory alive.
  Operands operands(const Extent& extent, DType dtype, Device device);

 private:
  struct Kept {
    Tensor x;  // one dimension each
    Tensor residual;
    Tensor y;
  };

  std::map<std::string, Kept> kept_;
};

// The values that x, the residual, y and grad_gamma have at first.
void reset(const Operands& operands);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_OPERANDS_H_
