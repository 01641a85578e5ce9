#include "benchmarks/figures.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "benchmarks/json.h"
#include "tensor/json_string.h"

namespace hollow::benchmarks {
namespace {

// Three digits, or all in front of the point.
std::string number(double value) {
  const double size = std::abs(value);
  if (size < 0.005) return "0.00";  // and not "-0.00"
  return absl::StrFormat("%.*f", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, value);
}

// "2.50 .. 3.10", or nothing where the digits show no difference.
std::string spread(const Quartiles& value) {
  const std::string low = number(value.low);
  const std::string high = number(value.high);
  return low == high ? "" : absl::StrCat(low, " .. ", high);
}

std::string beside(const Beside& each) {
  const std::string range = spread(each.value);
  return absl::StrCat(each.name, " ", number(each.value.median),
                      range.empty() ? "" : absl::StrCat(" (", range, ")"));
}

std::string json(const Quartiles& value) {
  return absl::StrFormat("\"low\": %.6g, \"median\": %.6g, \"high\": %.6g", value.low, value.median,
                         value.high);
}

std::string json(const Figure& figure) {
  std::string text =
      absl::StrCat("{\"name\": ", json_string(figure.name),
                   ", \"unit\": ", json_string(figure.unit), ", ", json(figure.value));
  if (figure.goal) absl::StrAppend(&text, ", \"goal\": ", *figure.goal);
  for (const Beside& each : figure.beside) {
    absl::StrAppend(&text, ", ", json_string(each.name), ": {", json(each.value), "}");
  }
  return text + "}";
}

std::string json(const Part& part) {
  return absl::StrCat(
      "{\"title\": ", json_string(part.title), ", \"figures\": [\n",
      absl::StrJoin(part.figures, ",\n",
                    [](std::string* out, const Figure& each) { *out += "  " + json(each); }),
      "]}");
}

}  // namespace

std::string to_table(absl::Span<const Part> parts) {
  static constexpr char kRow[] = "  %-33s %8s %-6s %-17s %6s  %s\n";
  std::string text = absl::StrFormat(kRow, "", "median", "", "quartiles", "goal", "beside it");
  for (const Part& part : parts) {
    absl::StrAppend(&text, part.title, "\n");
    for (const Figure& figure : part.figures) {
      absl::StrAppendFormat(
          &text, kRow, figure.name, number(figure.value.median), figure.unit, spread(figure.value),
          figure.goal ? absl::StrCat(*figure.goal) : "-",
          absl::StrJoin(figure.beside, ", ",
                        [](std::string* out, const Beside& each) { *out += beside(each); }));
    }
  }
  return text;
}

std::string to_json(absl::Span<const std::pair<std::string, std::string>> context,
                    absl::Span<const Part> parts) {
  std::vector<std::string> elements;
  for (const Part& part : parts) elements.push_back(json(part));
  return json_table(context, "parts", elements);
}

}  // namespace hollow::benchmarks
