// gamma as the loops of scale_flat.h and scale_backward.h want it.
#ifndef HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_
#define HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/table_order.h"

namespace hollow::kernels {
namespace {

// alpha * gamma over and over, in a period of at least `at_least` elements, and for kScaleStep
// more, in T's order. kMost is what dim and at_least, rounded up to a multiple of it, may be: the
// table lies where it is made, on the stack. Where an output is given that begins with channel 0,
// its lines begin with lines of the table, until a row ends within one; of BFloat16 where it is an
// even number of elements from a line, and rows are whole steps.
template <typename T, int64_t kMost>
struct FactorTable {
  // An order by parity wants two periods of an odd dim.
  static constexpr int64_t kSize = (kByParity<T> ? 2 : 1) * kMost + kScaleStep;

  static int64_t period_of(int64_t dim, int64_t at_least) {
    const int64_t unit = kByParity<T> && dim % 2 != 0 ? 2 * dim : dim;
    return (at_least + unit - 1) / unit * unit;
  }

  FactorTable(Isa isa, const T* gamma, float alpha, int64_t dim, const T* output = nullptr,
              int64_t at_least = kScaleStep)
      : period(period_of(dim, at_least)), factors(room_ + before_a_line(output)) {
    visit_isa(isa, [&]<Isa kIsa>() { make_factors<kIsa>(factors, gamma, alpha, dim, period); });
    const int64_t size = period + kScaleStep;
    for (int64_t i = dim; i < size; i += dim) repeat(i - dim, i, std::min(dim, size - i));
  }
  FactorTable(const FactorTable&) = delete;
  FactorTable& operator=(const FactorTable&) = delete;

  const int64_t period;
  float* const factors;

 private:
  static constexpr int64_t kLine = 64;
  static constexpr int64_t kFloats = kLine / sizeof(float);

  // How many floats to leave free, so that number j is at a line where output[j] is, for an even j
  // where numbers lie by parity.
  static int64_t before_a_line(const T* output) {
    const auto past = static_cast<int64_t>(reinterpret_cast<uintptr_t>(output) % kLine);
    const int64_t to_a_line = (kLine - past) / static_cast<int64_t>(sizeof(T));
    return -along<T>(to_a_line) & (kFloats - 1);
  }

  // Numbers [from, from + count), at `to` again.
  void repeat(int64_t from, int64_t to, int64_t count) {
    for (int64_t kind = 0; kind < kKinds<T>; ++kind) {
      const float* const first = factors + place<T>(from + kind, period);
      float* const again = factors + place<T>(to + kind, period);
      for (int64_t i = 0; kind + i * kKinds<T> < count; ++i) again[i] = first[i];
    }
  }

  alignas(kLine) float room_[kSize + kFloats];
};

}  // namespace
}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_FACTOR_TABLE_H_
