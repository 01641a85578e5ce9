// What it costs to give a module of 64 MiB its memory and its values, beside the parts of that
// which nobody can save: the pages have to be touched, the values computed.
#ifndef HOLLOW_BENCHMARKS_FILLING_H_
#define HOLLOW_BENCHMARKS_FILLING_H_

#include "benchmarks/figures.h"

namespace hollow::benchmarks {

Part measure_materialize();

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_FILLING_H_
