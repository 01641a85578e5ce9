#include "tensor/ops/linear.h"

#include "absl/strings/str_cat.h"
#include "kernels/matmul.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/ops/elementwise.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kMatmul = []<typename T>(auto place, T* y, const T* x, const T* w, int64_t m,
                                        int64_t n,
                                        int64_t p) { kernels::matmul(place, y, x, w, m, n, p); };

void check(const Tensor& x, const Tensor& weight) {
  if (weight.dim() != 2 || x.dim() < 1 || x.size(-1) != weight.size(1)) {
    throw Error(ErrorCode::kShape, "linear",
                absl::StrCat("weight must be [out, in], and the last size of x that in; weight is ",
                             describe(weight), " and x is ", describe(x)));
  }
  require_one_device("linear", weight, x);
  require_one_dtype("linear", weight, x);
  about({&weight}, [&] { check_dtype("linear", F32Floats{}, weight.dtype()); });
}

// Contiguous, and read under this op's name if it has to be copied for that.
Tensor in_order(const Tensor& tensor) {
  require_written("linear", tensor);
  return tensor.contiguous();
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight) {
  check(x, weight);
  const Tensor rows = in_order(x);
  const Tensor columns = in_order(weight);
  Shape shape = x.shape();
  shape.back() = weight.size(0);
  Tensor y = empty("linear", shape, x);
  const int64_t m = checked_numel("linear", absl::MakeConstSpan(x.shape()).first(x.dim() - 1));
  run<F32Floats>("linear", y, {&rows, &columns}, kMatmul, m, weight.size(0), weight.size(1));
  return y;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check(x, weight);
  if (bias.dim() != 1 || bias.size(0) != weight.size(0)) {
    throw Error(ErrorCode::kShape, "linear",
                absl::StrCat("bias must be [out], and weight [out, in]; bias is ", describe(bias),
                             " and weight is ", describe(weight)));
  }
  require_one_device("linear", weight, bias);
  require_one_dtype("linear", weight, bias);
  for (const Tensor* const each : {&x, &weight, &bias}) require_written("linear", *each);
  Tensor y = linear(x, weight);
  add_(y, bias);
  return y;
}

}  // namespace hollow
