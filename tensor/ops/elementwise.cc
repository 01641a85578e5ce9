#include "tensor/ops/elementwise.h"

#include "kernels/elementwise.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/index.h"
#include "tensor/ops/fill.h"
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

template <typename Kernel>
void into(absl::string_view op, const Tensor& y, const Tensor& a, const Tensor& b, Kernel kernel) {
  const Tensor wide_a = operand(op, y, a);
  const Tensor wide_b = operand(op, y, b);
  run<Numbers>(op, y, {&wide_a, &wide_b}, kernel,
               index_of({&y.layout(), &wide_a.layout(), &wide_b.layout()}));
}

template <typename Kernel>
Tensor result(absl::string_view op, const Tensor& a, const Tensor& b, Kernel kernel) {
  Shape shape = about({&a, &b}, [&] { return broadcast_shapes(op, a.shape(), b.shape()); });
  require_one_device(op, a, b);
  Tensor y = empty(op, std::move(shape), like(a));
  into(op, y, a, b, kernel);
  return y;
}

Tensor scalar_like(absl::string_view op, const Tensor& tensor, Scalar value) {
  about({&tensor}, [&] { value.check_fits(op, tensor.dtype()); });
  Tensor scalar = empty(op, {}, like(tensor));
  fill_(scalar, value);
  return scalar;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return result("add", a, b, kAdd); }
Tensor add(const Tensor& a, Scalar b) { return add(a, scalar_like("add", a, b)); }
Tensor mul(const Tensor& a, const Tensor& b) { return result("mul", a, b, kMul); }
Tensor mul(const Tensor& a, Scalar b) { return mul(a, scalar_like("mul", a, b)); }

void add_(const Tensor& a, const Tensor& b) { into("add_", a, a, b, kAdd); }
void add_(const Tensor& a, Scalar b) { add_(a, scalar_like("add_", a, b)); }
void mul_(const Tensor& a, const Tensor& b) { into("mul_", a, a, b, kMul); }
void mul_(const Tensor& a, Scalar b) { mul_(a, scalar_like("mul_", a, b)); }

}  // namespace hollow
