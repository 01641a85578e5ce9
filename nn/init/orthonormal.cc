#include "nn/init/orthonormal.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace hollow::nn::init {
namespace {

// Partial sums of a dot product.
constexpr int64_t kLanes = 4;
// Rows that are projected away at once.
constexpr int64_t kGroup = 4;
// Rows that have the ones before them projected away while those are in the cache.
constexpr int64_t kBlock = 8 * kGroup;
// What is left of a row whose direction was in the span of others.
constexpr double kNothing = 0x1p-40;

// The products of v with `count` rows that begin at q.
template <int64_t count>
void dots(const double* q, int64_t stride, const double* v, double (&result)[count]) {
  double sums[count][kLanes] = {};
  for (int64_t i = 0; i < stride; i += kLanes) {
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t l = 0; l < kLanes; ++l) sums[r][l] += q[r * stride + i + l] * v[i + l];
    }
  }
  for (int64_t r = 0; r < count; ++r) {
    result[r] = (sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]);
  }
}

// v without its components along `count` orthonormal rows that begin at q.
template <int64_t count>
void project_away(const double* q, int64_t stride, double* v) {
  double along[count];
  dots<count>(q, stride, v, along);
  for (int64_t i = 0; i < stride; ++i) {
    double rest = v[i];
    for (int64_t r = 0; r < count; ++r) rest -= along[r] * q[r * stride + i];
    v[i] = rest;
  }
}

// Row i without its components along rows [begin, end).
void project_away(Rows& rows, int64_t begin, int64_t end, int64_t i) {
  int64_t j = begin;
  for (; j + kGroup <= end; j += kGroup) project_away<kGroup>(rows[j], rows.stride(), rows[i]);
  for (; j < end; ++j) project_away<1>(rows[j], rows.stride(), rows[i]);
}

double norm(const Rows& rows, int64_t i) {
  double square[1];
  dots<1>(rows[i], rows.stride(), rows[i], square);
  return std::sqrt(square[0]);
}

void scale(Rows& rows, int64_t i, double divisor) {
  double* const row = rows[i];
  for (int64_t k = 0; k < rows.stride(); ++k) row[k] /= divisor;
}

// Row i becomes a unit vector without its components along the rows before it. Of all unit vectors
// together length - i square lengths are left, so there is one that has an average part of them.
void replace(Rows& rows, int64_t i) {
  const double average =
      static_cast<double>(rows.length() - i) / static_cast<double>(rows.length());
  for (int64_t unit = 0; unit < rows.length(); ++unit) {
    std::fill_n(rows[i], rows.stride(), 0.0);
    rows[i][unit] = 1.0;
    project_away(rows, 0, i, i);
    const double left = norm(rows, i);
    if (2 * left * left < average) continue;
    project_away(rows, 0, i, i);
    scale(rows, i, norm(rows, i));
    return;
  }
}

}  // namespace

Rows::Rows(int64_t count, int64_t length)
    : count_(count),
      length_(length),
      stride_((length + kLanes - 1) / kLanes * kLanes),
      values_(static_cast<size_t>(count * stride_), 0.0) {}

// Twice over: the second time takes away what rounding left the first time, however little of a row
// was left.
void orthonormalize(Rows& rows) {
  double before[kBlock];
  for (int64_t begin = 0; begin < rows.count(); begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, rows.count());
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t i = begin; i < end; ++i) before[i - begin] = norm(rows, i);
      for (int64_t j = 0; j < begin; j += kGroup) {
        for (int64_t i = begin; i < end; ++i) project_away(rows, j, j + kGroup, i);
      }
      for (int64_t i = begin; i < end; ++i) {
        project_away(rows, begin, i, i);
        const double left = norm(rows, i);
        if (left > kNothing * before[i - begin]) {
          scale(rows, i, left);
        } else {
          replace(rows, i);
        }
      }
    }
  }
}

}  // namespace hollow::nn::init
