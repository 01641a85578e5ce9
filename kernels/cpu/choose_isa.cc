#include "kernels/cpu/choose_isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "kernels/failure.h"

namespace hollow::kernels {
namespace {

constexpr int kNotChosen = -1;
std::atomic<int> chosen_isa{kNotChosen};

#ifdef __x86_64__
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

// The builtin asks the operating system too, which has to save the registers.
std::vector<Isa> find_isas() {
  std::vector<Isa> found = {Isa::kPortable};
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c()) {
    return found;
  }
  found.push_back(Isa::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    found.push_back(Isa::kAvx512);
  }
  return found;
}
#else
std::vector<Isa> find_isas() { return {Isa::kPortable}; }
#endif

bool is_available(Isa isa) {
  const std::vector<Isa>& all = available_isas();
  return std::find(all.begin(), all.end(), isa) != all.end();
}

// "portable, avx2".
std::string list_available() {
  std::string list;
  for (const Isa each : available_isas()) {
    if (!list.empty()) list += ", ";
    list += std::string(to_string(each));
  }
  return list;
}

Isa default_isa() {
  const char* const text = std::getenv("HOLLOW_ISA");
  if (text == nullptr || *text == '\0') return available_isas().back();
  for (const Isa each : available_isas()) {
    if (to_string(each) == text) return each;
  }
  throw Failure(Failure::Kind::kConfiguration,
                std::string("HOLLOW_ISA is \"") + text + "\"; this machine has " +
                    list_available() + "; set it to one of them, or unset it to use the best");
}

}  // namespace

absl::string_view to_string(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

const std::vector<Isa>& available_isas() {
  static const std::vector<Isa> all = find_isas();
  return all;
}

Isa isa() {
  const int choice = chosen_isa.load(std::memory_order_relaxed);
  if (choice != kNotChosen) return static_cast<Isa>(choice);
  static const Isa fallback = default_isa();
  return fallback;
}

void set_isa(Isa isa) {
  if (!is_available(isa)) {
    throw Failure(
        Failure::Kind::kConfiguration,
        "this machine has no " + std::string(to_string(isa)) + "; it has " + list_available());
  }
  chosen_isa.store(static_cast<int>(isa), std::memory_order_relaxed);
}

}  // namespace hollow::kernels
