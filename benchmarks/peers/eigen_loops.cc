#include "benchmarks/peers/eigen_loops.h"

#include <Eigen/Core>

#define HOLLOW_TEXT_OF(x) #x
#define HOLLOW_TEXT(x) HOLLOW_TEXT_OF(x)

namespace hollow::benchmarks {
namespace {

// Its arrays are column-major, so that a column of this is a row of ours.
using Matrix = Eigen::Map<Eigen::ArrayXXf>;
using ConstMatrix = Eigen::Map<const Eigen::ArrayXXf>;
using ConstColumn = Eigen::Map<const Eigen::ArrayXf>;

}  // namespace

const char* eigen_version() {
  return "Eigen " HOLLOW_TEXT(EIGEN_WORLD_VERSION) "." HOLLOW_TEXT(
      EIGEN_MAJOR_VERSION) "." HOLLOW_TEXT(EIGEN_MINOR_VERSION) ", -O3 -march=x86-64-v3";
}

void eigen_scale(float* y, const float* x, const float* gamma, int64_t rows, int64_t dim) {
  Matrix(y, dim, rows) = ConstMatrix(x, dim, rows).colwise() * ConstColumn(gamma, dim);
}

void eigen_add(float* y, const float* residual, const float* x, const float* gamma, int64_t rows,
               int64_t dim) {
  Matrix(y, dim, rows) = ConstMatrix(residual, dim, rows) +
                         ConstMatrix(x, dim, rows).colwise() * ConstColumn(gamma, dim);
}

}  // namespace hollow::benchmarks
