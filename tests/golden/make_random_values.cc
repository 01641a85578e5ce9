// Prints tests/golden/random_values.txt. These bits are public and do not change, so there should
// be no reason to run it but to add a line:
//
//   bazel run //tests/golden:make_random_values > tests/golden/random_values.txt

#include <iostream>

#include "tests/golden/random_values.h"

int main() { std::cout << hollow::golden_random_values(hollow::Device::cpu()); }
