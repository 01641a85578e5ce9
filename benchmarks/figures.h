// Figures with their spread, their goal and what has to stand beside them to be judged, as one
// table for people and as JSON.
#ifndef HOLLOW_BENCHMARKS_FIGURES_H_
#define HOLLOW_BENCHMARKS_FIGURES_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "benchmarks/paired.h"

namespace hollow::benchmarks {

struct Beside {
  std::string name;
  Quartiles value;
};

struct Figure {
  std::string name;
  std::string unit;
  Quartiles value;
  std::optional<double> goal;  // the most that the value should be
  std::vector<Beside> beside;
};

struct Part {
  std::string title;
  std::vector<Figure> figures;
};

// A row for each figure, under the title of its part; the spread of what has none is left out.
std::string to_table(absl::Span<const Part> parts);

// {"cpu_model": "...", ..., "parts": [{"title": "...", "figures": [...]}]}
std::string to_json(absl::Span<const std::pair<std::string, std::string>> context,
                    absl::Span<const Part> parts);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_FIGURES_H_
