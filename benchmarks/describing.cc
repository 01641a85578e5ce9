#include "benchmarks/describing.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/clock.h"
#include "benchmarks/cold.h"
#include "benchmarks/heap.h"
#include "benchmarks/vit_tree.h"
#include "tensor/device.h"
#include "tensor/empty.h"

namespace hollow::benchmarks {
namespace {

constexpr double kTensorGoalNs = 50.0;
constexpr double kTensorGoalBytes = 160.0;
constexpr double kTreeGoalUs = 200.0;
constexpr int kWarmBuilds = 1000;
constexpr int kColdBuilds = 41;

// Bytes are counted with so many tensors alive, and one more, ... up to twice as many: what grows
// by doubling is seen full, half empty and everything between.
constexpr int kFewestHeld = 2048;

// Made by the library, so the compiler cannot take it away.
void make_explicitly() { const Tensor tensor = empty({1024}, {.device = Device::meta()}); }
void make_4d_explicitly() {
  const Tensor tensor = empty({1536, 3, 14, 14}, {.device = Device::meta()});
}
void make_in_scope() { const Tensor tensor = empty({1024}); }
void make_4d_in_scope() { const Tensor tensor = empty({1536, 3, 14, 14}); }

Figure timed(std::string name, void (*make)()) {
  return {.name = std::move(name),
          .unit = "ns",
          .value = time_batches({make}),
          .goal = kTensorGoalNs,
          .beside = {}};
}

Figure counted(std::string name, absl::FunctionRef<Tensor()> make) {
  const Tensor first = make();  // what a scope keeps once is no tensor's
  std::vector<Tensor> held;
  held.reserve(2 * kFewestHeld);
  std::vector<double> samples;
  samples.reserve(kFewestHeld + 1);
  const int64_t before = heap_bytes();
  while (held.size() < 2 * kFewestHeld) {
    held.push_back(make());
    if (held.size() < kFewestHeld) continue;
    samples.push_back(static_cast<double>(heap_bytes() - before) /
                      static_cast<double>(held.size()));
  }
  const Quartiles heap = quartiles(std::move(samples));
  const double handle = sizeof(Tensor);
  return {.name = std::move(name),
          .unit = "bytes",
          .value = {handle + heap.low, handle + heap.median, handle + heap.high},
          .goal = kTensorGoalBytes,
          .beside = {{"handle", exactly(handle)}, {"heap", heap}}};
}

Figure measure_warm() {
  std::vector<double> us;
  for (int i = 0; i < kWarmBuilds; ++i) {
    const Stopwatch watch;
    const std::unique_ptr<VitTree> tree = build_on_meta();
    us.push_back(watch.seconds() * 1e6);
  }
  return {.name = "built again, warm",
          .unit = "us",
          .value = quartiles(std::move(us)),
          .goal = std::nullopt,
          .beside = {}};
}

}  // namespace

Part measure_meta_tensor() {
  Part part{.title = "a meta tensor: made and dropped; and its bytes", .figures = {}};
  part.figures = {timed("empty [1024], a device given", make_explicitly),
                  timed("empty 4-d, a device given", make_4d_explicitly)};
  {
    const DeviceScope scope(Device::meta());
    part.figures.push_back(timed("empty [1024], in a scope", make_in_scope));
    part.figures.push_back(timed("empty 4-d, in a scope", make_4d_in_scope));
  }
  part.figures.push_back(
      counted("bytes, a device given", [] { return empty({1024}, {.device = Device::meta()}); }));
  const DeviceScope scope(Device::meta());
  part.figures.push_back(counted("bytes, in a scope", [] { return empty({1024}); }));
  return part;
}

Part measure_tree() {
  // First, while the machine's caches are not full of this process's trees.
  std::vector<double> us;
  std::vector<double> faults;
  std::vector<double> touch_us;
  std::vector<double> bytes;
  for (const ColdBuild& cold : cold_builds(kColdBuilds)) {
    us.push_back(cold.seconds * 1e6);
    faults.push_back(static_cast<double>(cold.page_faults));
    touch_us.push_back(cold.touch_seconds * 1e6);
    bytes.push_back(static_cast<double>(cold.heap_bytes));
  }
  const double tensors = static_cast<double>(build_on_meta()->named_parameters().size());
  const double heap = quartiles(std::move(bytes)).median;
  return {.title = absl::StrCat("a ViT-g tree of ", tensors, " tensors on meta, names included"),
          .figures = {{.name = "first of a process, cold",
                       .unit = "us",
                       .value = quartiles(std::move(us)),
                       .goal = kTreeGoalUs,
                       .beside = {{"page faults", quartiles(std::move(faults))},
                                  {"as many pages touched, us", quartiles(std::move(touch_us))}}},
                      measure_warm(),
                      {.name = "heap, a tensor",
                       .unit = "bytes",
                       .value = exactly(heap / tensors),
                       .goal = std::nullopt,
                       .beside = {{"the tree", exactly(heap)}}}}};
}

}  // namespace hollow::benchmarks
