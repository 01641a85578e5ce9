// What is running, on stderr: one line that is written over where stderr is a terminal, else a line
// now and then.
#ifndef HOLLOW_BENCHMARKS_PROGRESS_H_
#define HOLLOW_BENCHMARKS_PROGRESS_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "benchmarks/clock.h"

namespace hollow::benchmarks {

class Progress {
 public:
  // `total` is the number of cases, or 0 where it is not known.
  void start(int total, bool is_terminal);
  // A case begins, or goes on: only the first time counts. Names are "op/dtype/shape/device".
  void at(const std::string& name);
  // Takes the line away. Before anything else is written to the terminal.
  void finish();

  double seconds() const { return watch_.seconds(); }

 private:
  Stopwatch watch_;
  int total_ = 0;
  bool is_terminal_ = false;
  std::set<std::string> seen_;
  std::string group_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PROGRESS_H_
