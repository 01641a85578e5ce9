#include "benchmarks/report.h"

#include <algorithm>
#include <limits>
#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace hollow::benchmarks {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

// NaN for a counter that the run has not.
double counter(const Run& run, const char* name) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? std::numeric_limits<double>::quiet_NaN()
                                     : found->second.value;
}

double seconds_of(const Run& run) {
  return run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
}

}  // namespace

std::string format_duration(double seconds) {
  static constexpr struct {
    double seconds;
    const char* name;
  } kUnits[] = {{1.0, "s"}, {1e-3, "ms"}, {1e-6, "us"}};
  for (const auto& unit : kUnits) {
    const double value = seconds / unit.seconds;
    // From the value that is printed as "1.00" on.
    if (value < 0.9995) continue;
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return absl::StrFormat("%.*f %s", decimals, value, unit.name);
  }
  return absl::StrFormat("%.0f ns", seconds / 1e-9);
}

TableReporter::Row& TableReporter::row_of(const Run& run) {
  const std::string name = run.run_name.str();
  const auto found =
      std::find_if(rows_.begin(), rows_.end(), [&](const Row& each) { return each.name == name; });
  if (found != rows_.end()) return *found;
  rows_.emplace_back();
  rows_.back().name = name;
  rows_.back().order = run.family_index;
  return rows_.back();
}

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    Row& row = row_of(run);
    // A case that failed has a label, and no counters.
    if (!run.report_label.empty()) {
      row.failure = run.report_label;
      continue;
    }
    if (row.repetitions++ == 0 || seconds_of(run) < seconds_of(row.best)) row.best = run;
    row.ceiling = std::max(row.ceiling, counter(run, "ceiling_bytes_per_second"));
  }
}

void TableReporter::Finalize() {
  progress_.finish();
  std::sort(rows_.begin(), rows_.end(),
            [](const Row& a, const Row& b) { return a.order < b.order; });
  std::ostream& out = GetOutputStream();
  out << heading_;
  std::string group;
  int repetitions = 0;
  for (const Row& row : rows_) {
    const std::vector<std::string> parts = absl::StrSplit(row.name, '/');
    if (group.empty()) {
      out << absl::StrFormat("\n%-11s  %-5s  %12s  %-6s  %8s  %8s  %8s  %5s\n", "op", "dtype",
                             "rows x dim", "device", "time", "GB/s", "ceiling", "%");
    }
    const std::string next = parts[0] + parts[1] + parts[3];
    if (!group.empty() && group != next) out << '\n';
    group = next;
    out << absl::StrFormat("%-11s  %-5s  %12s  %-6s  ", parts[0], parts[1], parts[2], parts[3]);
    if (!row.failure.empty()) {
      out << row.failure << '\n';
      continue;
    }
    repetitions = std::max(repetitions, row.repetitions);
    const double rate = counter(row.best, "bytes_per_second");
    out << absl::StrFormat("%8s  %8.1f  ", format_duration(seconds_of(row.best)), rate / 1e9);
    out << (row.ceiling > 0.0
                ? absl::StrFormat("%8.1f  %5.0f\n", row.ceiling / 1e9, 100.0 * rate / row.ceiling)
                : absl::StrFormat("%8s  %5s\n", "-", "-"));
  }
  if (!group.empty()) {
    out << absl::StrFormat(
        "\nA row is the best of %d repetitions. GB/s counts useful bytes, each input read once and "
        "the\n"
        "output written once. The ceiling is the best loop that moves as many bytes without\n"
        "arithmetic, measured between the cases, on the same memory, with as many threads (or "
        "with\n"
        "one, where that is faster): forward has a copy of x to y, inplace a loop that reads and\n"
        "rewrites x. forward makes a new tensor each time, forward_out writes into one that is "
        "there.\n",
        repetitions);
  }
  out << absl::StrFormat("\n%.0f s in all.\n", progress_.seconds());
  out.flush();
}

}  // namespace hollow::benchmarks
