#include "kernels/arithmetic.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/table_order.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {

template <Isa kIsa, typename T>
void scale_flat(T* y, const T* residual, const T* x, const float* factors, int64_t period,
                int64_t phase, int64_t count, Stores) {
  for (int64_t begin = 0; begin < count; phase = 0) {
    const int64_t end = begin + period - phase < count ? begin + period - phase : count;
    const auto factor = [&](int64_t i) { return factors[place<T>(phase + i - begin, period)]; };
    if (residual == nullptr) {
      for (int64_t i = begin; i < end; ++i) {
        y[i] = static_cast<T>(static_cast<float>(x[i]) * factor(i));
      }
    } else {
      for (int64_t i = begin; i < end; ++i) {
        y[i] = ScaledSum::of(residual[i], x[i], factor(i));
      }
    }
    begin = end;
  }
}

template <Isa kIsa, typename T, int kOperands>
void scale_runs(T* y, const T* residual, const T* x, const Strided<kOperands>& runs, int64_t begin,
                int64_t end, const float* factors, int64_t period, int64_t dim, bool,
                Stores stores) {
  int64_t phase = begin % dim;  // every other run begins with a row
  for_each_row(runs, begin, end, [&](const Row<kOperands>& row) {
    scale_flat<kIsa>(y + row.first[0], kOperands == 3 ? residual + row.first[1] : nullptr,
                     x + row.first[kOperands - 1], factors, period, phase, row.count, stores);
    phase = 0;
  });
}

template <Isa kIsa, typename T>
void make_factors(float* factors, const T* gamma, float alpha, int64_t count, int64_t period) {
  for (int64_t i = 0; i < count; ++i) {
    factors[place<T>(i, period)] = alpha * static_cast<float>(gamma[i]);
  }
}

#define PORTABLE(T) HOLLOW_SCALE_FLAT_OF(Isa::kPortable, T)
HOLLOW_F32_FLOATS(PORTABLE)

}  // namespace hollow::kernels
