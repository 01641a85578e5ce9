#include "benchmarks/progress.h"

#include <cstdio>

#include "absl/strings/str_format.h"

namespace hollow::benchmarks {
namespace {

// "op/dtype": what a line of a log is worth.
std::string group_of(const std::string& name) {
  return name.substr(0, name.find('/', name.find('/') + 1));
}

}  // namespace

void Progress::start(int total, bool is_terminal) {
  total_ = total;
  is_terminal_ = is_terminal;
}

void Progress::at(const std::string& name) {
  if (!seen_.insert(name).second) return;
  const std::string group = group_of(name);
  if (!is_terminal_ && group == group_) return;
  group_ = group;
  const std::string count = total_ > 0 ? absl::StrFormat("%d/%d", seen_.size(), total_)
                                       : absl::StrFormat("%d", seen_.size());
  absl::FPrintF(stderr, "%s[%s] %s, %.0f s%s", is_terminal_ ? "\r\033[K" : "", count,
                is_terminal_ ? name : group, watch_.seconds(), is_terminal_ ? "" : "\n");
}

void Progress::finish() {
  if (is_terminal_) std::fputs("\r\033[K", stderr);
}

}  // namespace hollow::benchmarks
