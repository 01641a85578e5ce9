#include "benchmarks/report.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace hollow::benchmarks {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

// 0 for a counter that the run has not.
double counter(const Run& run, const char* name) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? 0.0 : found->second.value;
}

double seconds_of(const Run& run) {
  return run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
}

constexpr char kLegend[] =
    "\nA row is the best of %d repetitions. GB/s counts useful bytes, each input read once and "
    "each\n"
    "output written once. The ceiling is the best loop that moves as many bytes without\n"
    "arithmetic, measured between the cases, on the same memory, with as many threads (or with\n"
    "one, where that is faster): a copy of x to y for forward, x read and rewritten for inplace,\n"
    "two tensors read and one written for add and backward. forward and add make a new tensor\n"
    "each time, _out writes into one that is there; index_add is add_inplace of 38 samples of 64.\n"
    "x peer is how many times as long the fastest peer took.\n";

// "  1.70  torch 22.3 us, plain 25.1 us", the fastest first.
std::string beside(const Result& ours, std::vector<Result> peers) {
  std::stable_sort(peers.begin(), peers.end(),
                   [](const Result& a, const Result& b) { return a.seconds < b.seconds; });
  return absl::StrCat(
      ours.x_vs_peer > 0.0 ? absl::StrFormat("  %6.2f  ", ours.x_vs_peer) : "       -  ",
      absl::StrJoin(peers, ", ", [](std::string* out, const Result& peer) {
        absl::StrAppend(
            out, peer.name.implementation, " ",
            peer.failure.empty() ? format_duration(peer.seconds) : "FAILED: " + peer.failure);
      }));
}

std::string row(const Result& result, const std::vector<Result>& peers) {
  const CaseName& name = result.name;
  std::string text =
      absl::StrFormat("%-11s  %-5s  %16s  %-6s  ", name.op, name.dtype, name.shape, name.device);
  if (!result.failure.empty()) return absl::StrCat(text, result.failure, "\n");
  absl::StrAppendFormat(&text, "%8s  %7.1f  ", format_duration(result.seconds),
                        result.bytes_per_second / 1e9);
  text += result.ceiling > 0.0
              ? absl::StrFormat("%7.1f  %4.0f", result.ceiling / 1e9, result.pct_ceiling())
              : absl::StrFormat("%7s  %4s", "-", "-");
  text += name.is_ours() ? beside(result, peers)
                         : absl::StrCat("       -  this is ", name.implementation);
  return absl::StrCat(text.substr(0, text.find_last_not_of(' ') + 1), "\n");
}

}  // namespace

std::string format_duration(double seconds) {
  static constexpr struct {
    double seconds;
    const char* name;
  } kUnits[] = {{1.0, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  for (const auto& unit : kUnits) {
    const double value = seconds / unit.seconds;
    // From the value that is printed as "1.00" on.
    if (value < 0.9995 && unit.seconds > 1e-9) continue;
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return absl::StrFormat("%.*f %s", decimals, value, unit.name);
  }
  return "";
}

void CollectingReporter::ReportRuns(const std::vector<Run>& runs) {
  runs_.insert(runs_.end(), runs.begin(), runs.end());
}

std::vector<Result> CollectingReporter::results() const {
  std::vector<Result> all;
  std::map<std::string, size_t> places;
  for (const Run& run : runs_) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string name = run.run_name.str();
    const auto [place, is_new] = places.emplace(name, all.size());
    if (is_new) all.push_back({.name = parse_case_name(name), .order = run.family_index});
    Result& result = all[place->second];
    // A case that failed has a label, and no counters.
    if (!run.report_label.empty()) {
      result.failure = run.report_label;
      continue;
    }
    if (result.repetitions++ == 0 || seconds_of(run) < result.seconds) {
      result.seconds = seconds_of(run);
      result.bytes_per_second = counter(run, "bytes_per_second");
    }
    result.ceiling = std::max(result.ceiling, counter(run, "ceiling_bytes_per_second"));
  }
  compare(all);
  return all;
}

void TableReporter::Finalize() {
  progress_.finish();
  std::ostream& out = GetOutputStream();
  out << heading_;
  const std::vector<Result> all = results();
  std::string group;
  int repetitions = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const CaseName& name = all[i].name;
    const std::string next = absl::StrCat(name.op, name.dtype, name.device);
    if (i == 0) {
      out << absl::StrFormat("\n%-11s  %-5s  %16s  %-6s  %8s  %7s  %7s  %4s  %6s  %s\n", "op",
                             "dtype", "rows x dim", "device", "time", "GB/s", "ceiling", "%",
                             "x peer", "peers");
    } else if (group != next) {
      out << '\n';
    }
    group = next;
    repetitions = std::max(repetitions, all[i].repetitions);
    const Result& first = all[i];
    std::vector<Result> peers;
    while (first.name.is_ours() && i + 1 < all.size() && all[i + 1].name.same_work(name)) {
      peers.push_back(all[++i]);
    }
    out << row(first, peers);
  }
  if (!all.empty()) out << absl::StrFormat(kLegend, repetitions);
  out << absl::StrFormat("\n%.0f s in all.\n", progress_.seconds());
  out.flush();
}

}  // namespace hollow::benchmarks
