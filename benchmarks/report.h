// What a run says when it is over: one table of all cases for people, or JSON for machines.
//
// Both wait for the end, because how a case compares with its peers is known no sooner.
#ifndef HOLLOW_BENCHMARKS_REPORT_H_
#define HOLLOW_BENCHMARKS_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "benchmarks/json.h"
#include "benchmarks/progress.h"
#include "benchmarks/results.h"

namespace hollow::benchmarks {

// "1.23 s", "45.6 ms", "7.89 us", "123 ns"; "8.9 ns" below 100.
std::string format_duration(double seconds);

class CollectingReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;

 protected:
  const std::vector<Run>& runs() const { return runs_; }
  // Of all cases, compared.
  std::vector<Result> results() const;

 private:
  std::vector<Run> runs_;
};

// A row is the best of our repetitions against the best ceiling that they saw, both being what the
// machine does when it is left alone; and what the peers took for the same.
class TableReporter : public CollectingReporter {
 public:
  // `heading` is printed above the table. The progress must outlive the reporter.
  TableReporter(std::string heading, Progress& progress)
      : heading_(std::move(heading)), progress_(progress) {}

  void Finalize() override;

 private:
  std::string heading_;
  Progress& progress_;
};

// {"context": {...}, "benchmarks": [{"name": ..., "real_time": ..., ...}, ...]}, as Google
// Benchmark writes it, but of the machine only what `context` says. Each repetition has pct_ceiling
// against the best ceiling of the whole run, and x_vs_peer as in the table.
class JsonReporter : public CollectingReporter {
 public:
  // The progress must outlive the reporter.
  JsonReporter(benchmarks::Context context, Progress& progress)
      : context_(std::move(context)), progress_(progress) {}

  void Finalize() override;

 private:
  benchmarks::Context context_;
  Progress& progress_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_REPORT_H_
