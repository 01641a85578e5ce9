// The main function of a benchmark that prints one table: flags, where it ran, exit status.
#ifndef HOLLOW_BENCHMARKS_TABLE_MAIN_H_
#define HOLLOW_BENCHMARKS_TABLE_MAIN_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "benchmarks/json.h"
#include "benchmarks/progress.h"

namespace hollow::benchmarks {

struct Report {
  std::string table;
  std::string json;
};

// --json FILE writes the report there as well, --help says so. 1 for what is no flag, before
// anything is measured for a file that cannot be written, and where the output does not get
// through; what a file held stays until there is something to replace it. `about` says what is
// measured: its first line is the title, the others are for --help.
int table_main(int argc, char** argv, const char* name, const char* about,
               absl::FunctionRef<Report(Progress&, const Context&)> measure);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_TABLE_MAIN_H_
