// What deferred initialization costs of its own: the checks of an op, a tensor and a model that are
// described on meta, and the memory and values that they are given later. Without arguments it
// takes less than 20 seconds; benchmarks/README.md says how to read it.

#include <unistd.h>

#include <iterator>
#include <vector>

#include "absl/strings/string_view.h"
#include "benchmarks/checks.h"
#include "benchmarks/cold.h"
#include "benchmarks/describing.h"
#include "benchmarks/figures.h"
#include "benchmarks/filling.h"
#include "benchmarks/table_main.h"

namespace hollow::benchmarks {
namespace {

constexpr char kAbout[] =
    "what deferred initialization costs of its own\n"
    "as one table: run's checks, a meta tensor, a ViT-g described on meta, warm and cold, and\n"
    "materialize.";

Report measure(Progress& progress, const Context& context) {
  static constexpr struct {
    const char* name;
    Part (*measure)();
  } kParts[] = {{"run's checks", measure_checks},
                {"a meta tensor", measure_meta_tensor},
                {"a tree on meta", measure_tree},
                {"materialize", measure_materialize}};
  progress.start(static_cast<int>(std::size(kParts)), isatty(STDERR_FILENO) == 1);
  std::vector<Part> parts;
  for (const auto& part : kParts) {
    progress.at(part.name);
    parts.push_back(part.measure());
  }
  progress.finish();
  return {to_table(parts), to_json(context, parts)};
}

}  // namespace
}  // namespace hollow::benchmarks

int main(int argc, char** argv) {
  using namespace hollow::benchmarks;
  if (argc == 2 && absl::string_view(argv[1]) == kColdChildFlag) return cold_child();
  return table_main(argc, argv, "deferred", kAbout, measure);
}
