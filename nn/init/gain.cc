#include "nn/init/gain.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow::nn::init {

double calculate_gain(Nonlinearity nonlinearity, double negative_slope) {
  if (!std::isfinite(negative_slope)) {
    throw Error(ErrorCode::kValue, "calculate_gain",
                absl::StrCat("the negative slope must be finite; it is ", negative_slope));
  }
  switch (nonlinearity) {
    case Nonlinearity::kLinear:
    case Nonlinearity::kConv:
    case Nonlinearity::kSigmoid:
      return 1.0;
    case Nonlinearity::kTanh:
      return 5.0 / 3.0;
    case Nonlinearity::kRelu:
      return std::sqrt(2.0);
    case Nonlinearity::kLeakyRelu:
      return std::sqrt(2.0 / (1.0 + negative_slope * negative_slope));
    case Nonlinearity::kSelu:
      return 0.75;
  }
  return 1.0;
}

}  // namespace hollow::nn::init
