#include "tensor/ops/reduce.h"

#include "absl/strings/str_cat.h"
#include "kernels/reduce.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/op_name.h"
#include "tensor/run.h"

namespace hollow {
namespace {

constexpr auto kSum = []<typename T>(auto place, T* y, const T* x, int64_t n) {
  kernels::sum(place, y, x, n);
};

constexpr auto kMean = []<typename T>(auto place, T* y, const T* x, int64_t n) {
  kernels::mean(place, y, x, n);
};

constexpr auto kStd = []<typename T>(auto place, T* y, const T* x, int64_t n, int64_t correction) {
  kernels::std_dev(place, y, x, n, correction);
};

template <typename Types, typename Kernel, typename... Args>
Tensor reduce(OpName op, const Tensor& x, Kernel kernel, Args... args) {
  about({&x}, [&] { check_dtype(op, Types{}, x.dtype()); });
  require_written(op, x);
  const Tensor in_order = with_op(op, [&] { return x.contiguous(); });
  Tensor y = empty(op, {}, x);
  run<Types>(op, y, {&in_order}, kernel, x.numel(), args...);
  return y;
}

}  // namespace

Tensor sum(const Tensor& x) { return reduce<Numbers>("sum", x, kSum); }

Tensor mean(const Tensor& x) { return reduce<Floats>("mean", x, kMean); }

Tensor std(const Tensor& x, int64_t correction) {
  if (correction < 0) {
    throw Error(ErrorCode::kValue, "std",
                absl::StrCat("the correction is ", correction, "; it must be 0 or more, for ",
                             describe(x)));
  }
  return reduce<Floats>("std", x, kStd, correction);
}

}  // namespace hollow
