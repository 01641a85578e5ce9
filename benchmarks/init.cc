// How fast the initializers are. Without arguments it takes about ten seconds; benchmarks/README.md
// says how to read it.

#include <vector>

#include "benchmarks/initializers.h"
#include "benchmarks/table_main.h"

namespace hollow::benchmarks {
namespace {

constexpr char kAbout[] =
    "initializers: what they write in a second\n"
    "as one table: each initializer, dtype, size and number of threads, beside the fastest stores "
    "to\n"
    "the same memory and a scalar loop with libm.";

Report measure(Progress& progress, const Context& context) {
  const std::vector<Rate> rates = measure_initializers(progress);
  return {to_table(rates), to_json(context, rates)};
}

}  // namespace
}  // namespace hollow::benchmarks

int main(int argc, char** argv) {
  using namespace hollow::benchmarks;
  return table_main(argc, argv, "init", kAbout, measure);
}
