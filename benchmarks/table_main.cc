#include "benchmarks/table_main.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "benchmarks/machine.h"
#include "kernels/cpu/choose_isa.h"
#include "tensor/threads.h"
#include "version.h"

namespace hollow::benchmarks {
namespace {

constexpr char kFlags[] =
    "\n\n"
    "  --json FILE   writes the figures there as well\n"
    "  --help\n\n"
    "HOLLOW_NUM_THREADS=N sets the number of threads of kernels, HOLLOW_ISA=portable, avx2 or\n"
    "avx512 their instruction set.\n";

struct Flags {
  bool help = false;
  std::string json;
};

// False, and a line that says why, for what is no flag.
bool parse(const char* name, int argc, char** argv, Flags& flags) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view flag = argv[i];
    if (flag == "--help") {
      flags.help = true;
    } else if (flag == "--json" && i + 1 < argc) {
      flags.json = argv[++i];
    } else if (absl::ConsumePrefix(&flag, "--json=") && !flag.empty()) {
      flags.json = std::string(flag);
    } else {
      absl::FPrintF(stderr, "%s: %s is no flag, or lacks its value; see --help\n", name, argv[i]);
      return false;
    }
  }
  return true;
}

bool can_write(const char* name, const std::string& path) {
  if (path.empty() || std::ofstream(path, std::ios::app).good()) return true;
  absl::FPrintF(stderr, "%s: cannot write %s\n", name, path);
  return false;
}

Context context() {
  return {{"hollow_version", kVersion},
          {"cpu_model", cpu_model()},
          {"kernel_isa", std::string(to_string(kernels::isa()))},
          {"kernel_threads", absl::StrCat(num_threads())},
          {"cores", absl::StrCat(std::thread::hardware_concurrency())},
          {"load_average_at_the_start", absl::StrFormat("%.2f", load_average())}};
}

int run(int argc, char** argv, const char* name, absl::string_view about,
        absl::FunctionRef<Report(Progress&, const Context&)> measure) {
  Flags flags;
  if (!parse(name, argc, argv, flags)) return 1;
  if (flags.help) {
    absl::PrintF("%s: %s%s", name, about, kFlags);
    return std::fflush(stdout) == 0 ? 0 : 1;
  }
  if (!can_write(name, flags.json)) return 1;

  const Context where = context();
  Progress progress;
  const Report report = measure(progress, where);
  absl::PrintF("Hollow %s, %s\n", kVersion, about.substr(0, about.find('\n')));
  absl::PrintF("cpu: %s; %s; threads: %s; cores: %s; load average at the start: %s\n\n",
               where[1].second, where[2].second, where[3].second, where[4].second, where[5].second);
  absl::PrintF("%s\n%.0f s in all.\n", report.table, progress.seconds());
  const bool printed = std::fflush(stdout) == 0;
  const bool written =
      flags.json.empty() || (std::ofstream(flags.json) << report.json).flush().good();
  return printed && written ? 0 : 1;
}

}  // namespace

int table_main(int argc, char** argv, const char* name, const char* about,
               absl::FunctionRef<Report(Progress&, const Context&)> measure) {
  try {
    return run(argc, argv, name, about, measure);
  } catch (const std::exception& error) {
    absl::FPrintF(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace hollow::benchmarks
