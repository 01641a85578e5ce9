#include "kernels/layer_scale.h"

#include <unistd.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/dtypes.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

// Elements a thread. To wake a sleeping thread takes as long as one thread needs for about so many.
constexpr int64_t kGrain = 1 << 18;

// Input and output together: what does not fit into the last cache leaves it before anybody reads
// it.
Stores stores_for(int64_t bytes, bool in_place) {
  static const int64_t cache = std::max<int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), 8 << 20);
  return !in_place && 2 * bytes > cache ? Stores::kStreaming : Stores::kCached;
}

// gamma in f32, over and over: as scale_flat wants it.
template <typename T>
std::vector<float> factor_table(const T* gamma, int64_t dim, int64_t period) {
  std::vector<float> table(static_cast<size_t>(period + kScaleStep));
  for (int64_t i = 0; i < dim; ++i) table[static_cast<size_t>(i)] = static_cast<float>(gamma[i]);
  for (size_t i = static_cast<size_t>(dim); i < table.size(); ++i) {
    table[i] = table[i - static_cast<size_t>(dim)];
  }
  return table;
}

// Whether gamma is such a table itself: where no step begins or ends within a row.
template <typename T>
bool is_table(int64_t dim, const T* y, Stores stores) {
  const bool whole_lines = reinterpret_cast<uintptr_t>(y) % 64 == 0;
  return std::is_same_v<T, float> && dim % kScaleStep == 0 &&
         (whole_lines || stores == Stores::kCached);
}

}  // namespace

template <typename T>
void layer_scale(Cpu, T* y, const T* x, const T* gamma, int64_t rows, int64_t dim) {
  const int64_t numel = rows * dim;
  if (numel == 0) return;
  const Stores stores = stores_for(numel * static_cast<int64_t>(sizeof(T)), y == x);
  int64_t period = dim;
  std::vector<float> table;
  const float* factors;
  if (is_table(dim, y, stores)) {
    factors = reinterpret_cast<const float*>(gamma);
  } else {
    period = (kScaleStep + dim - 1) / dim * dim;
    table = factor_table(gamma, dim, period);
    factors = table.data();
  }
  const Isa chosen = isa();
  parallel_for(numel, kGrain, [&](int64_t begin, int64_t end) {
    visit_isa(chosen, [&]<Isa kIsa>() {
      scale_flat<kIsa>(y + begin, x + begin, factors, period, begin % period, end - begin, stores);
    });
  });
}

#define LAYER_SCALE(T) template void layer_scale(Cpu, T*, const T*, const T*, int64_t, int64_t);
HOLLOW_FLOATS(LAYER_SCALE)

}  // namespace hollow::kernels
