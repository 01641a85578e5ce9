// What a run found out about each case, whoever measured it: the best of the repetitions, beside
// the ceiling and the peers of the same run.
//
// A case is an op, on a dtype, a shape and a device, by an implementation. Its name is
// op/dtype/ROWSxDIM/device for ours, and op/dtype/ROWSxDIM/device/NAME for a peer's.
#ifndef HOLLOW_BENCHMARKS_RESULTS_H_
#define HOLLOW_BENCHMARKS_RESULTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hollow::benchmarks {

inline constexpr char kOurs[] = "hollow";

struct CaseName {
  std::string op, dtype, shape, device, implementation;

  bool is_ours() const { return implementation == kOurs; }
  // Whether one is to be compared with the other: all but the implementation.
  bool same_work(const CaseName& other) const;
};

CaseName parse_case_name(absl::string_view name);
std::string to_string(const CaseName& name);

// 0 stands for what there is not.
struct Result {
  CaseName name;
  int64_t order = 0;  // of registration: the repetitions may be run in any
  int repetitions = 0;
  double seconds = 0.0;           // a call, of the best repetition
  double bytes_per_second = 0.0;  // useful ones, of the same
  double ceiling = 0.0;           // bytes a second
  double x_vs_peer = 0.0;         // of ours: how many times as long the fastest peer takes
  std::string failure;

  double pct_ceiling() const { return ceiling > 0.0 ? 100.0 * bytes_per_second / ceiling : 0.0; }
};

// Gives the results, which have seconds and ceilings of their own cases, the ceiling of their work,
// the highest that any of its cases saw, and x_vs_peer; and sorts them by order.
void compare(std::vector<Result>& results);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_RESULTS_H_
