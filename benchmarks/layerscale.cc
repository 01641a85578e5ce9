// LayerScale beside what the machine can do at best. Without arguments it takes less than a minute;
// benchmarks/README.md says how to read it.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "benchmarks/cases.h"
#include "benchmarks/machine.h"
#include "benchmarks/report.h"
#include "benchmarks/session.h"
#include "kernels/cpu/choose_isa.h"
#include "tensor/device.h"
#include "tensor/threads.h"
#include "version.h"

namespace hollow::benchmarks {
namespace {

bool help_was_asked = false;

// Google Benchmark calls it for --help, and for a flag with a value that the flag does not take,
// and then ends the process with 0, which the second should not.
void print_usage() {
  std::FILE* const out = help_was_asked ? stdout : stderr;
  absl::FPrintF(
      out,
      "layerscale: forward and in-place LayerScale on every device, beside the ceiling that the\n"
      "same run measures. Without flags it runs all cases and prints one table.\n\n"
      "  --benchmark_filter=REGEX       only these cases; names are op/dtype/ROWSxDIM/device\n"
      "  --benchmark_list_tests         print the names\n"
      "  --benchmark_repetitions=N      (3) a row of the table is the best of N\n"
      "  --benchmark_min_time=SECONDS   (0.03) of one repetition\n"
      "  --benchmark_format=json        instead of the table\n"
      "  --benchmark_out=FILE           JSON, beside the table\n\n"
      "HOLLOW_NUM_THREADS=N sets the number of threads, HOLLOW_ISA=portable, avx2 or avx512 the\n"
      "instruction set. All flags of Google Benchmark:\n\n");
  if (help_was_asked) return benchmark::PrintDefaultHelp();
  absl::FPrintF(stderr, "layerscale: a flag has a value that it does not take; see --help\n");
  std::exit(1);
}

// 1.8 began to ask for a unit in --benchmark_min_time, and to have this function.
template <typename State>
concept WantsTimeUnit = requires(const State& state) {
  state.skipped();
};

// Our defaults go in front of the user's flags, which override them. In code they would override
// the user, and change the names of the cases.
std::vector<char*> with_defaults(int argc, char** argv) {
  static std::string min_time =
      WantsTimeUnit<benchmark::State> ? "--benchmark_min_time=0.03s" : "--benchmark_min_time=0.03";
  static std::string repetitions = "--benchmark_repetitions=3";
  std::vector<char*> all = {argv[0]};
  if (std::getenv("BENCHMARK_MIN_TIME") == nullptr) all.push_back(min_time.data());
  if (std::getenv("BENCHMARK_REPETITIONS") == nullptr) all.push_back(repetitions.data());
  all.insert(all.end(), argv + 1, argv + argc);
  return all;
}

std::string heading(int threads, kernels::Isa isa) {
  std::string text = absl::StrFormat(
      "Hollow %s, LayerScale: y[r, c] = x[r, c] * gamma[c]\n"
      "cpu: %s; %s; threads: %d; cores: %d; load average at the start: %.2f\n",
      kVersion, cpu_model(), to_string(isa), threads, std::thread::hardware_concurrency(),
      load_average());
  if (Device::cuda_count() == 0) absl::StrAppend(&text, "no cuda: ", Device::why_no_cuda(), "\n");
  return text;
}

int run(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) help_was_asked |= absl::string_view(argv[i]) == "--help";
  std::vector<char*> args = with_defaults(argc, argv);
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data(), print_usage);
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) {
    absl::FPrintF(stderr, "layerscale: see --help for the flags there are\n");
    return 1;
  }

  const int threads = num_threads();
  const kernels::Isa isa = kernels::isa();  // what is wrong with the environment is said here, once
  benchmark::AddCustomContext("hollow_version", kVersion);
  benchmark::AddCustomContext("cpu_model", cpu_model());
  benchmark::AddCustomContext("kernel_threads", absl::StrCat(threads));
  benchmark::AddCustomContext("kernel_isa", std::string(to_string(isa)));
  if (Device::cuda_count() == 0) benchmark::AddCustomContext("no_cuda", Device::why_no_cuda());

  Session session;
  const int cases = register_cases(session);
  const std::string filter = benchmark::GetBenchmarkFilter();
  const bool all = filter.empty() || filter == "all";
  TableReporter table(heading(threads, isa), session.progress);
  // The library's own choice stands where the user made one: --benchmark_format=json.
  benchmark::BenchmarkReporter* reporter = benchmark::CreateDefaultDisplayReporter();
  const bool prints_table = dynamic_cast<benchmark::ConsoleReporter*>(reporter) != nullptr;
  if (prints_table) reporter = &table;
  // What is written as the run goes on would end up behind the line.
  const bool is_terminal = isatty(STDERR_FILENO) == 1;
  const bool has_line = is_terminal && (prints_table || isatty(STDOUT_FILENO) == 0);
  session.progress.start(all ? cases : 0, has_line);

  const size_t ran = benchmark::RunSpecifiedBenchmarks(reporter);
  session.progress.finish();
  benchmark::Shutdown();
  return ran > 0 && session.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hollow::benchmarks

int main(int argc, char** argv) {
  try {
    return hollow::benchmarks::run(argc, argv);
  } catch (const std::exception& error) {
    absl::FPrintF(stderr, "layerscale: %s\n", error.what());
    return 1;
  }
}
