// Is a module the same whether it is built with memory, or on meta and filled later? For the tests
// of those who write modules:
//
//   TEST(MyBlockTest, CanBeDeferred) {
//     const nn::DeferredReport report =
//         nn::check_deferred([] { return std::make_unique<MyBlock>(64); });
//     EXPECT_TRUE(report.ok()) << to_string(report);
//   }
//
// The factory is called under one key: once on cpu, and once on meta, where to_empty() and the
// writers follow; if something differs, once more on cpu, to see whether it is the same twice.
#ifndef HOLLOW_NN_CHECK_DEFERRED_H_
#define HOLLOW_NN_CHECK_DEFERRED_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "nn/module.h"

namespace hollow::nn {

enum class Cause {
  kThrows,            // the factory, or a writer, throws
  kSlots,             // a name, or its kind, is there in one of the two alone
  kShape,             // of the slot
  kDType,             // of the slot
  kStrides,           // of the slot, or where in its storage it begins
  kRequiresGrad,      // of the slot
  kTieLost,           // two names are one storage in one of the two alone
  kNeverInitialized,  // no writer writes it, or not all of it
  kConstructorOnly,   // the constructor changed what the writer had written, and could not on meta
  kNotReproducible,   // built twice on cpu it differs too: its values are not from its key
  kValues,            // the writer writes something else the second time
  kUnlisted,          // a tensor or a module that no module lists stays on meta for ever
};

// "throws", "slots", ..., "never initialized", ...
std::string to_string(Cause cause);

struct Difference {
  std::string name;  // of the slot; empty where it is not about one
  Cause cause = Cause::kValues;
  std::string detail;
};

struct DeferredReport {
  std::vector<Difference> differences;

  bool ok() const { return differences.empty(); }
};

// Throws nothing that the factory throws: that is a difference.
DeferredReport check_deferred(absl::FunctionRef<std::unique_ptr<Module>()> factory);

// A line for each difference.
std::string to_string(const DeferredReport& report);
std::ostream& operator<<(std::ostream& out, const DeferredReport& report);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_CHECK_DEFERRED_H_
