// In f64 it is the reference for the others: the formula, and nothing else.

#include "kernels/layer_scale_backward.h"

namespace hollow::kernels {

template <>
void layer_scale_backward(Cpu, double* grad_x, double* grad_gamma, const double* grad_y,
                          const double* x, const double* gamma, double alpha,
                          const SamplePairs& pairs, int64_t rows, int64_t dim) {
  const auto sum = [&](int64_t c) {
    double total = 0;
    for (int64_t pair = 0; pair < pairs.count; ++pair) {
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t at_y = (pairs.of_y(pair) * rows + r) * dim + c;
        const int64_t at_x = (pairs.of_x(pair) * rows + r) * dim + c;
        const double dy = grad_y[at_y];
        total += dy * x[at_x];
        grad_x[at_x] = alpha * gamma[c] * dy;
      }
    }
    return pairs.count * rows == 0 ? 0.0 : alpha * total;
  };
  for (int64_t c = 0; c < dim; ++c) grad_gamma[c] = sum(c);
}

}  // namespace hollow::kernels
