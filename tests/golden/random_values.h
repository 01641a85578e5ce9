// The text that tests/golden/random_values.txt holds: keys, and the bits of random values under
// them.
#ifndef HOLLOW_TESTS_GOLDEN_RANDOM_VALUES_H_
#define HOLLOW_TESTS_GOLDEN_RANDOM_VALUES_H_

#include <string>

#include "tensor/device.h"

namespace hollow {

std::string golden_random_values(Device device);

}  // namespace hollow

#endif  // HOLLOW_TESTS_GOLDEN_RANDOM_VALUES_H_
