// The initializers' rates: what they write in a second, beside what the machine can write at best
// and what a scalar loop with libm writes, all in one process.
#ifndef HOLLOW_BENCHMARKS_INITIALIZERS_H_
#define HOLLOW_BENCHMARKS_INITIALIZERS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "benchmarks/progress.h"

namespace hollow::benchmarks {

// Rates are the best of some rounds.
struct Rate {
  std::string initializer;
  std::string dtype;
  std::string where;  // "64 MiB", or which box of it
  int threads = 0;
  double bytes = 0;          // a second
  double elements = 0;       // a second
  double ceiling_bytes = 0;  // a second: stores to the same memory, by as many threads
  double libm_elements = 0;  // a second: the scalar loop on one thread; 0 where there is none
};

std::vector<Rate> measure_initializers(Progress& progress);

// A row for each.
std::string to_table(absl::Span<const Rate> rates);

// {"cpu_model": "...", ..., "rates": [{...}]}
std::string to_json(absl::Span<const std::pair<std::string, std::string>> context,
                    absl::Span<const Rate> rates);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_INITIALIZERS_H_
