// Compiled for AVX2, so no header that others compile for less may be included here or beside it.
#ifndef HOLLOW_BENCHMARKS_PEERS_PLAIN_LOOPS_H_
#define HOLLOW_BENCHMARKS_PEERS_PLAIN_LOOPS_H_

#include <stdint.h>

namespace hollow::benchmarks {

void plain_scale(float* y, const float* x, const float* gamma, int64_t rows, int64_t dim);
void plain_add(float* y, const float* residual, const float* x, const float* gamma, int64_t rows,
               int64_t dim);
void plain_backward(float* grad_x, float* sums, const float* grad_y, const float* x,
                    const float* gamma, int64_t rows, int64_t dim);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_PLAIN_LOOPS_H_
