// How a DeferredReport reads.

#include "absl/strings/str_cat.h"
#include "nn/check_deferred.h"

namespace hollow::nn {

std::string to_string(Cause cause) {
  switch (cause) {
    case Cause::kThrows:
      return "throws";
    case Cause::kSlots:
      return "slots differ";
    case Cause::kShape:
      return "shape differs";
    case Cause::kDType:
      return "dtype differs";
    case Cause::kStrides:
      return "strides differ";
    case Cause::kRequiresGrad:
      return "requires_grad differs";
    case Cause::kTieLost:
      return "tie lost";
    case Cause::kNeverInitialized:
      return "never initialized";
    case Cause::kConstructorOnly:
      return "constructor only";
    case Cause::kNotReproducible:
      return "not reproducible";
    case Cause::kValues:
      return "values differ";
    case Cause::kUnlisted:
      return "unlisted";
  }
  return "unknown";
}

std::string to_string(const DeferredReport& report) {
  if (report.ok()) return "built deferred, it is the same\n";
  std::string text;
  for (const Difference& difference : report.differences) {
    if (!difference.name.empty()) absl::StrAppend(&text, "\"", difference.name, "\" ");
    absl::StrAppend(&text, to_string(difference.cause), ": ", difference.detail, "\n");
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const DeferredReport& report) {
  return out << to_string(report);
}

}  // namespace hollow::nn
