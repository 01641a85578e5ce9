// How many values a unit of a layer takes in, and how many units each value goes out to.
//
//   calculate_fan_in_and_fan_out({64, 3, 7, 7}).fan_in;    // 3 * 7 * 7
#ifndef HOLLOW_NN_INIT_FANS_H_
#define HOLLOW_NN_INIT_FANS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "tensor/shape.h"

namespace hollow::nn::init {

struct Fans {
  int64_t fan_in;
  int64_t fan_out;
};

enum class FanMode { kFanIn, kFanOut };

// Of a weight [out, in, size...], as Linear and convolutions have it: the kernel's sizes multiply
// both. Throws Error(kShape) where there are less than two dimensions.
Fans calculate_fan_in_and_fan_out(const Shape& shape);
// The same for an op, whose name is in the error.
Fans calculate_fan_in_and_fan_out(absl::string_view op, const Shape& shape);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_FANS_H_
