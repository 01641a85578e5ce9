// The factor by which weights are widened, so that what follows the layer keeps the scale of its
// values.
//
//   init::xavier_uniform({.gain = init::calculate_gain(init::Nonlinearity::kTanh)});
#ifndef HOLLOW_NN_INIT_GAIN_H_
#define HOLLOW_NN_INIT_GAIN_H_

namespace hollow::nn::init {

// What follows the layer.
enum class Nonlinearity {
  kLinear,   // nothing
  kConv,     // nothing: torch's name for it after a convolution of any kind
  kSigmoid,  // like nothing
  kTanh,
  kRelu,
  kLeakyRelu,
  kSelu,
};

// torch's table: 1 for the first three, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + slope^2)),
// selu 3/4. The slope is leaky_relu's, for negative values, and concerns no other. Throws
// Error(kValue) unless it is finite.
double calculate_gain(Nonlinearity nonlinearity, double negative_slope = 0.01);

}  // namespace hollow::nn::init

#endif  // HOLLOW_NN_INIT_GAIN_H_
