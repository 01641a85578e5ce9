// The little JSON that the tables are written as.
#ifndef HOLLOW_BENCHMARKS_JSON_H_
#define HOLLOW_BENCHMARKS_JSON_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hollow::benchmarks {

// What a figure needs beside it: version, processor, threads, instruction set, load.
using Context = std::vector<std::pair<std::string, std::string>>;

// {"cpu_model": "...", ..., "NAME": [ELEMENT, ...]}, of elements that are JSON already.
std::string json_table(absl::Span<const std::pair<std::string, std::string>> context,
                       absl::string_view name, const std::vector<std::string>& elements);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_JSON_H_
