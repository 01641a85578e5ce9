#include "benchmarks/cold.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "benchmarks/clock.h"
#include "benchmarks/heap.h"
#include "tensor/device.h"

namespace hollow::benchmarks {
namespace {

constexpr char kFormat[] = "%lg %" SCNd64 " %lg %" SCNd64;

int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

double touch_fresh_pages(int64_t pages) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes = static_cast<size_t>(pages + 1) * page;
  const Stopwatch watch;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0.0;
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // the heap grows by small ones
  auto* const bytes_of = static_cast<volatile char*>(memory);
  for (int64_t i = 0; i < pages; ++i) bytes_of[static_cast<size_t>(i) * page] = 1;
  const double seconds = watch.seconds();
  munmap(memory, bytes);
  return seconds;
}

[[noreturn]] void fail(absl::string_view what) {
  throw std::runtime_error(absl::StrCat("a build in a fresh process: ", what));
}

// What the child prints before it ends.
std::string output_of_child() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string name = "deferred";
  std::string flag = kColdChildFlag;
  char* const argv[] = {name.data(), flag.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  char buffer[256];
  if (error == 0) {
    ssize_t got = 0;
    while ((got = read(ends[0], buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR)) {
      if (got > 0) text.append(buffer, static_cast<size_t>(got));
    }
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  close(ends[0]);
  if (error != 0) fail(std::strerror(error));
  return text;
}

}  // namespace

std::unique_ptr<VitTree> build_on_meta() {
  const DeviceScope scope(Device::meta());
  return std::make_unique<VitTree>();
}

int cold_child() {
  ColdBuild cold;
  const int64_t heap_before = heap_bytes();
  const int64_t faults_before = page_faults();
  const Stopwatch watch;
  const std::unique_ptr<VitTree> tree = build_on_meta();
  cold.seconds = watch.seconds();
  cold.page_faults = page_faults() - faults_before;
  cold.heap_bytes = heap_bytes() - heap_before;
  cold.touch_seconds = touch_fresh_pages(cold.page_faults);
  std::printf("%.9g %" PRId64 " %.9g %" PRId64 "\n", cold.seconds, cold.page_faults,
              cold.touch_seconds, cold.heap_bytes);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

std::vector<ColdBuild> cold_builds(int processes) {
  std::vector<ColdBuild> builds;
  for (int i = 0; i < processes; ++i) {
    const std::string text = output_of_child();
    ColdBuild& cold = builds.emplace_back();
    if (std::sscanf(text.c_str(), kFormat, &cold.seconds, &cold.page_faults, &cold.touch_seconds,
                    &cold.heap_bytes) != 4) {
      fail("it did not finish");
    }
  }
  return builds;
}

}  // namespace hollow::benchmarks
