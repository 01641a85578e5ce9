// In f64 it is the reference for the others: the formula, and nothing else.

#include "kernels/layer_scale_backward.h"

namespace hollow::kernels {

namespace {

// The operands' elements of row r, of `rows` in all, and channel c are at at_x(r, c) and so on.
template <typename AtGradX, typename AtGradY, typename AtX>
void backward(double* grad_x, double* grad_gamma, const double* grad_y, const double* x,
              const double* gamma, double alpha, int64_t rows, int64_t dim, AtGradX at_grad_x,
              AtGradY at_grad_y, AtX at_x) {
  for (int64_t c = 0; c < dim; ++c) {
    const double factor = alpha * gamma[c];
    double total = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const double dy = grad_y[at_grad_y(r, c)];
      total += dy * x[at_x(r, c)];
      grad_x[at_grad_x(r, c)] = factor * dy;
    }
    grad_gamma[c] = rows == 0 ? 0.0 : alpha * total;
  }
}

}  // namespace

template <>
void layer_scale_backward(Cpu, double* grad_x, double* grad_gamma, const double* grad_y,
                          const double* x, const double* gamma, double alpha,
                          const SamplePairs& pairs, int64_t rows, int64_t dim) {
  const auto in_sample = [=](int64_t sample, int64_t r, int64_t c) {
    return (sample * rows + r % rows) * dim + c;
  };
  const auto of_x = [&](int64_t r, int64_t c) { return in_sample(pairs.of_x(r / rows), r, c); };
  const auto of_y = [&](int64_t r, int64_t c) { return in_sample(pairs.of_y(r / rows), r, c); };
  backward(grad_x, grad_gamma, grad_y, x, gamma, alpha, pairs.count * rows, dim, of_x, of_y, of_x);
}

template <>
void layer_scale_backward(Cpu, double* grad_x, double* grad_gamma, const double* grad_y,
                          const double* x, const double* gamma, double alpha,
                          const Strided<3>& runs, int64_t dim) {
  const auto at = [&](int operand) {
    return [&, operand](int64_t r, int64_t c) { return runs.offset(operand, r * dim + c); };
  };
  backward(grad_x, grad_gamma, grad_y, x, gamma, alpha, dim == 0 ? 0 : runs.numel / dim, dim, at(0),
           at(1), at(2));
}

}  // namespace hollow::kernels
