// The first build of a model in a process: nothing is in a cache, no page has been touched.
//
// Each is measured in a process of its own, which is this program started again: a fork would have
// its parent's warm heap.
#ifndef HOLLOW_BENCHMARKS_COLD_H_
#define HOLLOW_BENCHMARKS_COLD_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "benchmarks/vit_tree.h"

namespace hollow::benchmarks {

// The ViT-g on meta, in a DeviceScope of its own.
std::unique_ptr<VitTree> build_on_meta();

struct ColdBuild {
  double seconds = 0.0;
  int64_t page_faults = 0;  // during the build, without those that waited for a disk
  // What the machine took for as many pages that are mapped and touched, and no work.
  double touch_seconds = 0.0;
  int64_t heap_bytes = 0;  // what malloc has given to the tree
};

// The flag by which a child is told that it is one; main looks for it before it does anything.
inline constexpr char kColdChildFlag[] = "--cold_child";
// Builds once, and prints the ColdBuild for the parent.
int cold_child();

// One after the other. Throws std::runtime_error where the program cannot be started again.
std::vector<ColdBuild> cold_builds(int processes);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_COLD_H_
