// How initializers are usually written: one element after the other, from the next word of a scalar
// Philox, by the functions of libm. What our vectors are measured against.
#ifndef HOLLOW_BENCHMARKS_LIBM_LOOPS_H_
#define HOLLOW_BENCHMARKS_LIBM_LOOPS_H_

#include <cstdint>

namespace hollow::benchmarks {

// Each fills y[0] to y[numel - 1] with other values than Hollow's, of the same distribution.
using LibmLoop = void (*)(float* y, int64_t numel);

void libm_constant(float* y, int64_t numel);
void libm_uniform(float* y, int64_t numel);
void libm_normal(float* y, int64_t numel);
// Normals between -2 and 2 by rejection of those that are not.
void libm_trunc_normal(float* y, int64_t numel);
void libm_bernoulli(float* y, int64_t numel);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_LIBM_LOOPS_H_
