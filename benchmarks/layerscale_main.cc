#include "benchmarks/layerscale_main.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
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
std::string* peer_names = nullptr;  // for print_usage, which takes no argument

// Google Benchmark calls it for --help, and for a flag with a value that the flag does not take,
// and then ends the process with 0, which the second should not.
void print_usage() {
  std::FILE* const out = help_was_asked ? stdout : stderr;
  absl::FPrintF(
      out,
      "layerscale: LayerScale on every device, all its forms and gradients, beside the ceiling\n"
      "that the same run measures and the peers that are linked in (%s).\n"
      "Without flags it runs all cases and prints one table.\n\n"
      "  --benchmark_filter=REGEX       only these cases; names are op/dtype/ROWSxDIM/device, and\n"
      "                                 op/dtype/ROWSxDIM/device/PEER, so 'cpu$' is without peers\n"
      "  --benchmark_list_tests         print the names\n"
      "  --benchmark_repetitions=N      (3) a row of the table is the best of N\n"
      "  --benchmark_min_time=SECONDS   (0.03) of one repetition\n"
      "  --benchmark_format=json        instead of the table\n"
      "  --benchmark_out=FILE           JSON, beside the table; benchmarks/plot.py draws it\n"
      "  --benchmark_context=KEY=VALUE  goes there too; machine=NAME is the picture's caption\n\n"
      "HOLLOW_NUM_THREADS=N sets the number of threads, HOLLOW_ISA=portable, avx2 or avx512 the\n"
      "instruction set of our kernels. All flags of Google Benchmark:\n\n",
      *peer_names);
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

// The value of --NAME=VALUE, the last of several, or of the environment's variable.
std::string value_of(const std::vector<char*>& args, absl::string_view flag, const char* variable) {
  const char* const from_environment = std::getenv(variable);
  std::string value = from_environment == nullptr ? "" : from_environment;
  for (absl::string_view arg : args) {
    if (absl::ConsumePrefix(&arg, flag)) value = std::string(arg);
  }
  return value;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts = {};
  char text[32] = "";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
  return text;
}

Context context(const std::vector<Peer>& peers) {
  Context all = {{"date", now()},
                 {"hollow_version", kVersion},
                 {"cpu_model", cpu_model()},
                 {"kernel_threads", absl::StrCat(num_threads())},
                 {"kernel_isa", std::string(to_string(kernels::isa()))},
                 {"cores", absl::StrCat(std::thread::hardware_concurrency())},
                 {"load_average_at_the_start", absl::StrFormat("%.2f", load_average())}};
  for (const Peer& peer : peers) all.emplace_back("peer_" + peer.name, peer.about);
  if (Device::cuda_count() == 0) all.emplace_back("no_cuda", Device::why_no_cuda());
  if (const auto* const from_flags = benchmark::internal::GetGlobalContext()) {
    all.insert(all.end(), from_flags->begin(), from_flags->end());
  }
  return all;
}

std::string heading(const std::vector<Peer>& peers) {
  std::string text = absl::StrFormat(
      "Hollow %s, LayerScale: y[r, c] = x[r, c] * gamma[c], and added to a residual\n"
      "cpu: %s; %s; threads: %d; cores: %d; load average at the start: %.2f\n",
      kVersion, cpu_model(), to_string(kernels::isa()), num_threads(),
      std::thread::hardware_concurrency(), load_average());
  for (const Peer& peer : peers) absl::StrAppend(&text, peer.name, ": ", peer.about, "\n");
  if (Device::cuda_count() == 0) absl::StrAppend(&text, "no cuda: ", Device::why_no_cuda(), "\n");
  return text;
}

int run(int argc, char** argv, const std::vector<PeerFactory>& factories) {
  const int threads = num_threads();  // what is wrong with the environment is said here, once
  kernels::isa();
  Session session;
  for (const PeerFactory make : factories) session.peers.push_back(make(threads));
  std::string names = absl::StrJoin(session.peers, ", ", [](std::string* out, const Peer& peer) {
    absl::StrAppend(out, peer.name);
  });
  peer_names = &names;

  for (int i = 1; i < argc; ++i) help_was_asked |= absl::string_view(argv[i]) == "--help";
  std::vector<char*> args = with_defaults(argc, argv);
  const std::string file = value_of(args, "--benchmark_out=", "BENCHMARK_OUT");
  const std::string format = value_of(args, "--benchmark_out_format=", "BENCHMARK_OUT_FORMAT");
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data(), print_usage);
  if (benchmark::ReportUnrecognizedArguments(count, args.data())) {
    absl::FPrintF(stderr, "layerscale: see --help for the flags there are\n");
    return 1;
  }

  const int cases = register_cases(session);
  const Context where = context(session.peers);
  const std::string filter = benchmark::GetBenchmarkFilter();
  const bool all = filter.empty() || filter == "all";
  TableReporter table(heading(session.peers), session.progress);
  JsonReporter json(where, session.progress);
  JsonReporter json_file(where, session.progress);
  // The library's own choice, --benchmark_format=csv, stands where we have nothing instead.
  benchmark::BenchmarkReporter* reporter = benchmark::CreateDefaultDisplayReporter();
  const bool prints_table = dynamic_cast<benchmark::ConsoleReporter*>(reporter) != nullptr;
  if (prints_table) reporter = &table;
  if (dynamic_cast<benchmark::JSONReporter*>(reporter) != nullptr) reporter = &json;
  const bool writes_json = !file.empty() && (format.empty() || format == "json");
  // What is written as the run goes on would end up behind the line.
  const bool is_terminal = isatty(STDERR_FILENO) == 1;
  const bool has_line = is_terminal && (prints_table || isatty(STDOUT_FILENO) == 0);
  session.progress.start(all ? cases : 0, has_line);

  const size_t ran =
      benchmark::RunSpecifiedBenchmarks(reporter, writes_json ? &json_file : nullptr);
  session.progress.finish();
  benchmark::Shutdown();
  if (ran == 0) {
    absl::FPrintF(stderr,
                  "layerscale: no case has a name that --benchmark_filter=%s matches; "
                  "--benchmark_list_tests prints them\n",
                  filter);
  }
  return ran > 0 && session.failures == 0 ? 0 : 1;
}

}  // namespace

int layerscale_main(int argc, char** argv, const std::vector<PeerFactory>& peers) {
  try {
    return run(argc, argv, peers);
  } catch (const std::exception& error) {
    absl::FPrintF(stderr, "layerscale: %s\n", error.what());
    return 1;
  }
}

}  // namespace hollow::benchmarks
