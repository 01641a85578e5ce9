// The cases, as Google Benchmark knows them:
//
//   forward/f32/16448x1024/cpu        y = layer_scale(x, gamma), a new tensor each time
//   forward_out/f32/16448x1024/cpu    layer_scale_out(y, x, gamma)
//   inplace/f32/16448x1024/cpu        layer_scale_(x, gamma)
//   deferred_init/vit_g/meta          VitTree tree;
//
// The counters of the first three are bytes_per_second (useful bytes: each input read once, the
// output written once), ceiling_bytes_per_second and pct_ceiling. Those of the last are tensors,
// parameters, median_seconds and cold_seconds of a build, and the bytes of memory and the
// allocations of tensors that it took on all devices; it fails unless both are 0.
#ifndef HOLLOW_BENCHMARKS_CASES_H_
#define HOLLOW_BENCHMARKS_CASES_H_

#include "benchmarks/session.h"

namespace hollow::benchmarks {

// Registers all of them, on every device that is here, and returns how many they are. The session
// must outlive their run.
int register_cases(Session& session);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CASES_H_
