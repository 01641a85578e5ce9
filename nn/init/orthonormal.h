// Gram and Schmidt's process, in f64 on the host. Internal to nn/init.
//
// Deterministic to the last bit: sums have an order that depends on the length alone, and only
// +, -, *, / and the square root are used, none of them fused.
#ifndef HOLLOW_NN_INIT_ORTHONORMAL_H_
#define HOLLOW_NN_INIT_ORTHONORMAL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hollow::nn::init {

// `count` vectors of `length` elements, all 0.
class Rows {
 public:
  Rows(int64_t count, int64_t length);

  int64_t count() const { return count_; }
  int64_t length() const { return length_; }
  // A row has room for whole groups of lanes; what is behind its end stays 0.
  int64_t stride() const { return stride_; }
  double* operator[](int64_t i) { return &values_[static_cast<size_t>(i * stride_)]; }
  const double* operator[](int64_t i) const { return &values_[static_cast<size_t>(i * stride_)]; }

 private:
  int64_t count_, length_, stride_;
  std::vector<double> values_;
};

// Makes the rows orthonormal, each from itself and the ones before it: what row i loses of its
// direction is in the span of rows 0 to i - 1, and what is left is scaled by a positive number. So
// they are the Q of the QR decomposition, transposed, whose R has a positive diagonal.
//
// A row that is in the span of the ones before it, to 12 digits, has no direction left; it becomes
// a unit vector, made orthogonal. There must not be more rows than elements in one, and all must be
// finite.
void orthonormalize(Rows& rows);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_ORTHONORMAL_H_
