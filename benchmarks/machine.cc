#include "benchmarks/machine.h"

#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace hollow::benchmarks {

std::vector<Device> devices() {
  std::vector<Device> all = {Device::cpu()};
  for (int i = 0; i < Device::cuda_count(); ++i) all.push_back(Device::cuda(i));
  return all;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (!absl::StartsWith(line, "model name") || colon == std::string::npos) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return "unknown processor";
}

double load_average() {
  double last_minute = 0.0;
  return getloadavg(&last_minute, 1) == 1 ? last_minute : -1.0;
}

}  // namespace hollow::benchmarks
