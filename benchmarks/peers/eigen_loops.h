// Compiled for AVX2, and Eigen with it.
#ifndef HOLLOW_BENCHMARKS_PEERS_EIGEN_LOOPS_H_
#define HOLLOW_BENCHMARKS_PEERS_EIGEN_LOOPS_H_

#include <stdint.h>

namespace hollow::benchmarks {

const char* eigen_version();
void eigen_scale(float* y, const float* x, const float* gamma, int64_t rows, int64_t dim);
void eigen_add(float* y, const float* residual, const float* x, const float* gamma, int64_t rows,
               int64_t dim);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PEERS_EIGEN_LOOPS_H_
