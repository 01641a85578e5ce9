#include "nn/init.h"

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"

namespace hollow::nn::init {

Writer constant(Scalar value) {
  return [value](const Tensor& tensor, RngKey) { fill_(tensor, value); };
}

Writer zeros() { return constant(0); }

Writer ones() { return constant(1); }

Writer constant(const Tensor& values) {
  require_values("init::constant", values);
  return [kept = values.to(Device::cpu()).clone()](const Tensor& tensor, RngKey) {
    if (tensor.shape() != kept.shape()) {
      throw Error(ErrorCode::kShape, "init::constant",
                  absl::StrCat("values of shape ", to_string(kept.shape()), " do not fit ",
                               describe(tensor)));
    }
    tensor.copy_(kept);
  };
}

Writer uniform(double low, double high) {
  return [=](const Tensor& tensor, RngKey key) { uniform_(tensor, low, high, key); };
}

Writer normal(NormalOptions options) {
  return [options](const Tensor& tensor, RngKey key) {
    normal_(tensor, options.mean, options.std, key);
  };
}

Writer trunc_normal(TruncNormalOptions options) {
  return [options](const Tensor& tensor, RngKey key) {
    trunc_normal_(tensor, options.mean, options.std, options.a, options.b, key);
  };
}

}  // namespace hollow::nn::init
