// What a figure needs beside it to mean something: where it was measured.
#ifndef HOLLOW_BENCHMARKS_MACHINE_H_
#define HOLLOW_BENCHMARKS_MACHINE_H_

#include <string>
#include <vector>

#include "tensor/device.h"

namespace hollow::benchmarks {

// The devices that are here: cpu, then cuda:0, ...
std::vector<Device> devices();

// The processor's name as the kernel tells it, or "unknown processor".
std::string cpu_model();

// Runnable threads of the whole machine in the last minute, or a negative number where nobody
// knows.
double load_average();

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_MACHINE_H_
