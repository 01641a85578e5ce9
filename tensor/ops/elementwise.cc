#include "tensor/ops/elementwise.h"

#include "kernels/elementwise.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/op_name.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kAdd = []<typename T>(auto place, T* y, const T* a, const T* b,
                                     const kernels::Strided<3>& index) {
  kernels::add(place, y, a, b, index);
};

constexpr auto kMul = []<typename T>(auto place, T* y, const T* a, const T* b,
                                     const kernels::Strided<3>& index) {
  kernels::mul(place, y, a, b, index);
};

constexpr auto kAddScalar = []<typename T>(auto place, T* y, const T* a,
                                           const kernels::Strided<2>& index, Scalar b) {
  kernels::add_scalar(place, y, a, b.to<kernels::Compute<T>>(), index);
};

constexpr auto kMulScalar = []<typename T>(auto place, T* y, const T* a,
                                           const kernels::Strided<2>& index, Scalar b) {
  kernels::mul_scalar(place, y, a, b.to<kernels::Compute<T>>(), index);
};

template <typename Kernel>
void into(OpName op, const Tensor& y, const Tensor& a, const Tensor& b, Kernel kernel) {
  const Tensor wide_a = operand(op, y, a);
  const Tensor wide_b = operand(op, y, b);
  run_with(op, {&a, &b}, [&] {
    run<Numbers>(op, y, {&wide_a, &wide_b}, kernel,
                 index_of({&y.layout(), &wide_a.layout(), &wide_b.layout()}));
  });
}

template <typename Kernel>
void into(OpName op, const Tensor& y, const Tensor& a, Scalar b, Kernel kernel) {
  about({&a}, [&] { b.check_fits(op, a.dtype()); });
  run<Numbers>(op, y, {&a}, kernel, index_of({&y.layout(), &a.layout()}), b);
}

template <typename Kernel>
Tensor result(OpName op, const Tensor& a, const Tensor& b, Kernel kernel) {
  require_one_device(op, a, b);
  require_one_dtype(op, a, b);
  Tensor y = with_op(op, [&] {
    return about({&a, &b},
                 [&] { return empty(op, broadcast_shapes(op, a.shape(), b.shape()), a); });
  });
  into(op, y, a, b, kernel);
  return y;
}

template <typename Kernel>
Tensor result(OpName op, const Tensor& a, Scalar b, Kernel kernel) {
  Tensor y = empty(op, a.shape(), a);
  into(op, y, a, b, kernel);
  return y;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return result("add", a, b, kAdd); }
Tensor add(const Tensor& a, Scalar b) { return result("add", a, b, kAddScalar); }
Tensor mul(const Tensor& a, const Tensor& b) { return result("mul", a, b, kMul); }
Tensor mul(const Tensor& a, Scalar b) { return result("mul", a, b, kMulScalar); }

void add_(const Tensor& a, const Tensor& b) { into("add_", a, a, b, kAdd); }
void add_(const Tensor& a, Scalar b) { into("add_", a, a, b, kAddScalar); }
void mul_(const Tensor& a, const Tensor& b) { into("mul_", a, a, b, kMul); }
void mul_(const Tensor& a, Scalar b) { into("mul_", a, a, b, kMulScalar); }

}  // namespace hollow
