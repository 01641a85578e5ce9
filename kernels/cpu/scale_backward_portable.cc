#include "kernels/arithmetic.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/cpu/scale_backward_walk.h"
#include "kernels/cpu/table_order.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {
namespace {

struct PortableStep {
  template <int kCount, typename T>
  static void go(T* grad_x, const T* grad_y, const T* x, Between between, const float* factors,
                 float* sums, int64_t next) {
    for (int64_t w = 0; w < kCount; ++w) {
      for (int64_t i = 0; i < kScaleStep; ++i) {
        const float dy = static_cast<float>(grad_y[i]);
        const int64_t at = along<T>(i & ~int64_t{1}) + (i & 1) * next;
        sums[at] = fma_rn(dy, static_cast<float>(x[i]), sums[at]);
        grad_x[i] = static_cast<T>(dy * factors[at]);
      }
      grad_x += between.grad_x, grad_y += between.grad_y, x += between.x;
    }
  }
};

}  // namespace

template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const float* factors, float* sums,
                    int64_t period, int64_t count, bool in_caches, Stores) {
  walk_backward<PortableStep, PortableStep>(grad_x, grad_y, x, factors, sums, period, count,
                                            in_caches);
}

template <Isa kIsa, typename T>
void scale_backward(T* grad_x, const T* grad_y, const T* x, const Strided<3>& runs, int64_t first,
                    const float* factors, float* sums, int64_t period, int64_t count,
                    bool in_caches, Stores) {
  walk_backward<PortableStep, PortableStep>(grad_x, grad_y, x, runs, first, factors, sums, period,
                                            count, in_caches);
}

template <Isa kIsa, typename T>
void sum_groups(T* grad_gamma, const float* sums, int64_t period, int64_t begin, int64_t count,
                int64_t groups, int64_t stride, float alpha) {
  for (int64_t i = 0; i < count; ++i) {
    const float* const first = sums + place<T>(begin + i, period);
    auto total = static_cast<double>(first[0]);  // not 0, to which -0 would add to +0
    for (int64_t group = 1; group < groups; ++group) {
      total += static_cast<double>(first[group * stride]);
    }
    grad_gamma[i] = static_cast<T>(static_cast<float>(static_cast<double>(alpha) * total));
  }
}

#define PORTABLE(T) HOLLOW_SCALE_BACKWARD_OF(Isa::kPortable, T)
HOLLOW_F32_FLOATS(PORTABLE)

}  // namespace hollow::kernels
