// The cases, as Google Benchmark knows them:
//
//   forward/f32/16448x1024/cpu          an op of ops.cc, as we do it
//   forward/f32/16448x1024/cpu/plain    the same on the same memory, as a peer of that name does it
//   forward/f32/257x384+1/cpu           of tensors that begin one element past a line of 64 bytes
//   forward/f32/257x384of768/cpu        of the first 384 columns of tables of 768
//
// Their counters are bytes_per_second and useful_bytes of a call (each input read once, each output
// written once), and, where a ceiling says something, ceiling_bytes_per_second: the best by then.
// Of [1, 384] it says nothing, because a call's own time counts there.
#ifndef HOLLOW_BENCHMARKS_CASES_H_
#define HOLLOW_BENCHMARKS_CASES_H_

#include "benchmarks/session.h"

namespace hollow::benchmarks {

// Registers all of them, on every device that is here, and returns how many they are. The session
// must outlive their run.
int register_cases(Session& session);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CASES_H_
