#include "benchmarks/peers/plain_loops.h"

namespace hollow::benchmarks {

void plain_scale(float* y, const float* x, const float* gamma, int64_t rows, int64_t dim) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < dim; ++c) y[r * dim + c] = x[r * dim + c] * gamma[c];
  }
}

void plain_add(float* y, const float* residual, const float* x, const float* gamma, int64_t rows,
               int64_t dim) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < dim; ++c) {
      y[r * dim + c] = residual[r * dim + c] + x[r * dim + c] * gamma[c];
    }
  }
}

void plain_backward(float* grad_x, float* sums, const float* grad_y, const float* x,
                    const float* gamma, int64_t rows, int64_t dim) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < dim; ++c) {
      grad_x[r * dim + c] = grad_y[r * dim + c] * gamma[c];
      sums[c] += grad_y[r * dim + c] * x[r * dim + c];
    }
  }
}

}  // namespace hollow::benchmarks
