#include "nn/init/fans.h"

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow::nn::init {

Fans calculate_fan_in_and_fan_out(const Shape& shape) {
  return calculate_fan_in_and_fan_out("calculate_fan_in_and_fan_out", shape);
}

Fans calculate_fan_in_and_fan_out(absl::string_view op, const Shape& shape) {
  if (shape.size() < 2) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("shape ", to_string(shape),
                             " has no fan in and fan out, which take a weight [out, in, ...]; for "
                             "a bias or a scale there are zeros, constant, uniform and normal"));
  }
  checked_numel(op, shape);  // no product overflows
  int64_t kernel = 1;
  for (size_t d = 2; d < shape.size(); ++d) kernel *= shape[d];
  return {.fan_in = shape[1] * kernel, .fan_out = shape[0] * kernel};
}

}  // namespace hollow::nn::init
