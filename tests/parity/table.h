// Every op of tensor/ops, every factory, and every member of Tensor that makes a view or carries
// values, as calls that can be made on any device. Whoever adds one adds its rows here.
#ifndef HOLLOW_TESTS_PARITY_TABLE_H_
#define HOLLOW_TESTS_PARITY_TABLE_H_

#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace hollow::testing {

// How near a CUDA device's values are to the CPU's.
enum class Nearness {
  kBits,         // elementwise and random: the same bits
  kRounding,     // f64 sums of a few: the order of additions differs
  kF32Sums,      // of thousands, whose terms cancel: likewise
  kNotThereYet,  // Error(kUnsupported) on CUDA
};

struct Call {
  std::string name;
  std::function<std::vector<Tensor>(Device)> on;
  Nearness cuda = Nearness::kBits;
  bool needs_values = false;  // on meta it is an Error(kMeta)
};

struct BadCall {
  std::string name;
  std::function<void(Device)> on;
};

std::vector<Call> tensor_calls();  // factories and members of Tensor
std::vector<Call> op_calls();      // tensor/ops
std::vector<BadCall> bad_calls();

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_PARITY_TABLE_H_
