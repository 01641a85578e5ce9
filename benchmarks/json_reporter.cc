#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "benchmarks/report.h"
#include "tensor/json_string.h"

namespace hollow::benchmarks {
namespace {

// The text of an object, field by field.
class Fields {
 public:
  void text(const std::string& name, const std::string& value) {
    fields_.push_back(absl::StrCat(json_string(name), ": ", json_string(value)));
  }
  template <typename Number>
  void number(const std::string& name, Number value) {
    fields_.push_back(absl::StrCat(json_string(name), ": ", value));
  }
  void exactly(const std::string& name, const std::string& json) {
    fields_.push_back(absl::StrCat(json_string(name), ": ", json));
  }
  std::string object(const std::string& separator) const {
    return absl::StrCat("{", absl::StrJoin(fields_, separator), "}");
  }

 private:
  std::vector<std::string> fields_;
};

}  // namespace

void JsonReporter::Finalize() {
  progress_.finish();
  std::map<std::string, Result> results_by_name;
  for (const Result& result : results()) results_by_name[to_string(result.name)] = result;

  Fields context;
  for (const auto& [name, value] : context_) context.text(name, value);
  std::vector<std::string> elements;
  for (const Run& run : runs()) {
    if (run.run_type != Run::RT_Iteration) continue;
    const CaseName name = parse_case_name(run.run_name.str());
    const Result& result = results_by_name[to_string(name)];
    Fields fields;
    fields.text("name", run.benchmark_name());
    fields.text("run_name", run.run_name.str());
    fields.text("run_type", "iteration");
    fields.text("op", name.op);
    fields.text("dtype", name.dtype);
    fields.text("shape", name.shape);
    fields.text("device", name.device);
    fields.text("implementation", name.implementation);
    fields.number("repetitions", run.repetitions);
    fields.number("repetition_index", run.repetition_index);
    fields.number("threads", run.threads);
    // A case that failed has its message as its label.
    if (!run.report_label.empty()) {
      fields.exactly("error_occurred", "true");
      fields.text("error_message", run.report_label);
    } else {
      fields.number("iterations", run.iterations);
      fields.number("real_time", run.GetAdjustedRealTime());
      fields.number("cpu_time", run.GetAdjustedCPUTime());
      fields.text("time_unit", benchmark::GetTimeUnitString(run.time_unit));
      for (const auto& [counter, value] : run.counters) fields.number(counter, value.value);
      const auto rate = run.counters.find("bytes_per_second");
      if (result.ceiling > 0.0 && rate != run.counters.end()) {
        fields.number("pct_ceiling", 100.0 * rate->second.value / result.ceiling);
      }
      if (result.x_vs_peer > 0.0) fields.number("x_vs_peer", result.x_vs_peer);
    }
    elements.push_back("    " + fields.object(", "));
  }
  GetOutputStream() << "{\n  \"context\": " << context.object(",\n    ")
                    << ",\n  \"benchmarks\": [\n"
                    << absl::StrJoin(elements, ",\n") << "\n  ]\n}\n"
                    << std::flush;
}

}  // namespace hollow::benchmarks
