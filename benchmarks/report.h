// What a run prints when it is over: one table of all cases.
//
// A row is the best of its repetitions against the best ceiling that they saw; both are what the
// machine does when it is left alone.
#ifndef HOLLOW_BENCHMARKS_REPORT_H_
#define HOLLOW_BENCHMARKS_REPORT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "benchmarks/progress.h"

namespace hollow::benchmarks {

// "1.23 s", "45.6 ms", "7.89 us", "123 ns".
std::string format_duration(double seconds);

class TableReporter : public benchmark::BenchmarkReporter {
 public:
  // `heading` is printed above the table. The progress must outlive the reporter.
  TableReporter(std::string heading, Progress& progress)
      : heading_(std::move(heading)), progress_(progress) {}

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  struct Row {
    std::string name;
    int64_t order = 0;  // of registration: the repetitions may be run in any
    int repetitions = 0;
    Run best;
    double ceiling = 0.0;  // bytes a second
    std::string failure;
  };

  Row& row_of(const Run& run);

  std::string heading_;
  Progress& progress_;
  std::vector<Row> rows_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_REPORT_H_
