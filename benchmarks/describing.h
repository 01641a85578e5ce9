// What it costs to describe a model on meta: one tensor, and the 566 of a ViT-g.
#ifndef HOLLOW_BENCHMARKS_DESCRIBING_H_
#define HOLLOW_BENCHMARKS_DESCRIBING_H_

#include "benchmarks/figures.h"

namespace hollow::benchmarks {

// Made and dropped, in ns; and its bytes, the handle and what malloc gives for the storage.
Part measure_meta_tensor();

// Built in a warm process, and as the first thing a process does.
Part measure_tree();

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_DESCRIBING_H_
