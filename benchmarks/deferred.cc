// What deferred initialization costs of its own: the checks of an op, a tensor and a model that are
// described on meta, and the memory and values that they are given later. Without arguments it
// takes less than 20 seconds; benchmarks/README.md says how to read it.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "benchmarks/checks.h"
#include "benchmarks/cold.h"
#include "benchmarks/describing.h"
#include "benchmarks/figures.h"
#include "benchmarks/filling.h"
#include "benchmarks/machine.h"
#include "benchmarks/progress.h"
#include "tensor/threads.h"
#include "version.h"

namespace hollow::benchmarks {
namespace {

constexpr char kUsage[] =
    "deferred: what deferred initialization costs of its own, as one table: run's checks, a meta\n"
    "tensor, a ViT-g described on meta, warm and cold, and materialize.\n\n"
    "  --json FILE   writes the figures there as well\n"
    "  --help\n\n"
    "HOLLOW_NUM_THREADS=N sets the number of threads of kernels.\n";

struct Flags {
  bool help = false;
  std::string json;
};

// False, and a line that says why, for what is no flag.
bool parse(int argc, char** argv, Flags& flags) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view flag = argv[i];
    if (flag == "--help") {
      flags.help = true;
    } else if (flag == "--json" && i + 1 < argc) {
      flags.json = argv[++i];
    } else if (absl::ConsumePrefix(&flag, "--json=") && !flag.empty()) {
      flags.json = std::string(flag);
    } else {
      absl::FPrintF(stderr, "deferred: %s is no flag, or lacks its value; see --help\n", argv[i]);
      return false;
    }
  }
  return true;
}

// Before anything is measured; what the file holds stays until there is something to replace it.
bool can_write(const std::string& path) {
  if (path.empty() || std::ofstream(path, std::ios::app).good()) return true;
  absl::FPrintF(stderr, "deferred: cannot write %s\n", path);
  return false;
}

std::vector<std::pair<std::string, std::string>> context() {
  return {{"hollow_version", kVersion},
          {"cpu_model", cpu_model()},
          {"kernel_threads", absl::StrCat(num_threads())},
          {"cores", absl::StrCat(std::thread::hardware_concurrency())},
          {"load_average_at_the_start", absl::StrFormat("%.2f", load_average())}};
}

std::vector<Part> measure(Progress& progress) {
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
  return parts;
}

int run(int argc, char** argv) {
  Flags flags;
  if (!parse(argc, argv, flags)) return 1;
  if (flags.help) {
    std::fputs(kUsage, stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  if (!can_write(flags.json)) return 1;

  const auto where = context();
  Progress progress;
  const std::vector<Part> parts = measure(progress);
  absl::PrintF("Hollow %s, what deferred initialization costs of its own\n", kVersion);
  absl::PrintF("cpu: %s; threads: %s; cores: %s; load average at the start: %s\n\n",
               where[1].second, where[2].second, where[3].second, where[4].second);
  absl::PrintF("%s\n%.0f s in all.\n", to_table(parts), progress.seconds());
  const bool printed = std::fflush(stdout) == 0;
  const bool written =
      flags.json.empty() || (std::ofstream(flags.json) << to_json(where, parts)).flush().good();
  return printed && written ? 0 : 1;
}

}  // namespace
}  // namespace hollow::benchmarks

int main(int argc, char** argv) {
  if (argc == 2 && absl::string_view(argv[1]) == hollow::benchmarks::kColdChildFlag) {
    return hollow::benchmarks::cold_child();
  }
  try {
    return hollow::benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    absl::FPrintF(stderr, "deferred: %s\n", error.what());
    return 1;
  }
}
