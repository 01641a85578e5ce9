// The inner loops of LayerScale (kernels/layer_scale.h), by one instruction set.
#ifndef HOLLOW_KERNELS_CPU_SCALE_FLAT_H_
#define HOLLOW_KERNELS_CPU_SCALE_FLAT_H_

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/scalar.h"
#include "kernels/strided.h"

namespace hollow::kernels {

// How many elements a loop takes at once, and so may read of a factor table beyond its period.
inline constexpr int64_t kScaleStep = 32;

// Around the caches for an output that would not stay there anyway: then its lines are not read
// before they are written. Other threads may see them in any order, before order_stores()
// (strategy.h).
enum class Stores { kCached, kStreaming };

// y[i] = x[i] * factors[(phase + i) mod period] for 0 <= i < count, or that and residual[i] in one
// fma, where residual is not null. Computed in f32, rounded once. y may be x or residual. 0 <=
// phase < period, and period >= kScaleStep. The factors lie in T's order (table_order.h), and
// repeat beyond their period for kScaleStep more, unless T is f32, period and phase are multiples
// of kScaleStep, and y and the factors begin a line of 64 bytes. What else is in the table's first
// and last line may be read. To order the stores is the caller's.
template <Isa kIsa, typename T>
void scale_flat(T* y, const T* residual, const T* x, const float* factors, int64_t period,
                int64_t phase, int64_t count, Stores stores);

// The same of elements [begin, end) of operands that lie in runs (kernels/runs.h) of rows of dim
// channels: an index of y, of the residual where there are three, and of x. in_caches says whether
// what comes next is likely to be there.
template <Isa kIsa, typename T, int kOperands>
void scale_runs(T* y, const T* residual, const T* x, const Strided<kOperands>& runs, int64_t begin,
                int64_t end, const float* factors, int64_t period, int64_t dim, bool in_caches,
                Stores stores);

// The first `count` of a table of T's order: factors[i] = alpha * gamma[i] in f32.
template <Isa kIsa, typename T>
void make_factors(float* factors, const T* gamma, float alpha, int64_t count, int64_t period);

// clang-format off
#define HOLLOW_SCALE_FLAT_OF(isa, T)                                                           \
  template void scale_flat<isa>(T*, const T*, const T*, const float*, int64_t, int64_t, int64_t, \
                                Stores);                                                       \
  template void scale_runs<isa>(T*, const T*, const T*, const Strided<2>&, int64_t, int64_t, const float*, int64_t, int64_t, bool, Stores);   \
  template void scale_runs<isa>(T*, const T*, const T*, const Strided<3>&, int64_t, int64_t, const float*, int64_t, int64_t, bool, Stores);   \
  template void make_factors<isa>(float*, const T*, float, int64_t, int64_t);
// clang-format on

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_SCALE_FLAT_H_
