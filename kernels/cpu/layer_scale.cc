#include "kernels/layer_scale.h"

#include <algorithm>

#include "kernels/cpu/parallel.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {
namespace {

// Elements a thread. To wake a sleeping thread takes as long as one thread needs for about so many.
constexpr int64_t kGrain = 1 << 18;

}  // namespace

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, dim));
  parallel_for(rows, grain, [=](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* const x_row = x + r * dim;
      T* const y_row = y + r * dim;
      for (int64_t c = 0; c < dim; ++c) {
        y_row[c] = static_cast<T>(static_cast<float>(x_row[c]) * static_cast<float>(gamma[c]));
      }
    }
  });
}

#define LAYER_SCALE(T) template void layer_scale(Cpu, T*, const T*, const T*, int64_t, int64_t);
HOLLOW_FLOATS(LAYER_SCALE)

}  // namespace hollow::kernels
