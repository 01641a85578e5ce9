// What run's checks cost: an op through hollow::run, and the same kernel on the same tensors
// through the half of run that checks nothing, internal::dispatch.
#ifndef HOLLOW_BENCHMARKS_CHECKS_H_
#define HOLLOW_BENCHMARKS_CHECKS_H_

#include "benchmarks/figures.h"

namespace hollow::benchmarks {

// Ops in place and with two inputs, on plain tensors and on a module's parameters, all of them
// initialized, f32 and small. Beside each stand its null test and the call without checks.
Part measure_checks();

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CHECKS_H_
