#include "benchmarks/results.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace hollow::benchmarks {

bool CaseName::same_work(const CaseName& other) const {
  return std::tie(op, dtype, shape, device) ==
         std::tie(other.op, other.dtype, other.shape, other.device);
}

CaseName parse_case_name(absl::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(name, '/');
  parts.resize(5);
  return {parts[0], parts[1], parts[2], parts[3], parts[4].empty() ? kOurs : parts[4]};
}

std::string to_string(const CaseName& name) {
  return absl::StrCat(name.op, "/", name.dtype, "/", name.shape, "/", name.device,
                      name.is_ours() ? "" : absl::StrCat("/", name.implementation));
}

void compare(std::vector<Result>& results) {
  std::stable_sort(results.begin(), results.end(),
                   [](const Result& a, const Result& b) { return a.order < b.order; });
  for (Result& result : results) {
    double fastest = 0.0;
    for (const Result& other : results) {
      if (!other.name.same_work(result.name) || !other.failure.empty()) continue;
      result.ceiling = std::max(result.ceiling, other.ceiling);
      if (other.name.is_ours() || other.seconds <= 0.0) continue;
      fastest = fastest > 0.0 ? std::min(fastest, other.seconds) : other.seconds;
    }
    const bool counts = result.name.is_ours() && result.failure.empty() && result.seconds > 0.0;
    result.x_vs_peer = counts ? fastest / result.seconds : 0.0;
  }
}

}  // namespace hollow::benchmarks
