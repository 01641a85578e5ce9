#include "benchmarks/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensor/json_string.h"

namespace hollow::benchmarks {

std::string json_table(absl::Span<const std::pair<std::string, std::string>> context,
                       absl::string_view name, const std::vector<std::string>& elements) {
  std::string text = "{";
  for (const auto& [key, value] : context) {
    absl::StrAppend(&text, json_string(key), ": ", json_string(value), ",\n");
  }
  return absl::StrCat(text, json_string(name), ": [\n", absl::StrJoin(elements, ",\n"), "]}\n");
}

}  // namespace hollow::benchmarks
