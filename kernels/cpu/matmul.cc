#include "kernels/matmul.h"

#include <dnnl.h>

#include <string>
#include <type_traits>
#include <vector>

#include "kernels/cpu/parallel.h"
#include "kernels/dtypes.h"
#include "kernels/failure.h"

namespace hollow::kernels {
namespace {

void sgemm(float* y, const float* x, const float* w, int64_t m, int64_t n, int64_t p) {
  const dnnl_status_t status = dnnl_sgemm('N', 'T', m, n, p, 1.0f, x, p, w, p, 0.0f, y, n);
  if (status == dnnl_success) return;
  if (status == dnnl_out_of_memory) {
    throw Failure(Failure::Kind::kOutOfMemory, "oneDNN ran out of memory");
  }
  throw Failure(Failure::Kind::kUnsupported,
                "dnnl_sgemm failed with status " + std::to_string(static_cast<int>(status)));
}

template <typename T, typename S>
void convert_all(T* y, const S* x, int64_t count) {
  parallel_for(count, 1 << 15, 1 << 10, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = convert<T>(x[i]);
  });
}

template <typename T>
std::vector<float> widened(const T* x, int64_t count) {
  std::vector<float> result(count);
  convert_all(result.data(), x, count);
  return result;
}

}  // namespace

template <typename T>
void matmul(Cpu, T* y, const T* x, const T* w, int64_t m, int64_t n, int64_t p) {
  if (m == 0 || n == 0) return;
  if (p == 0) {
    for (int64_t i = 0; i < m * n; ++i) y[i] = T(0.0f);
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    sgemm(y, x, w, m, n, p);
  } else {
    std::vector<float> product(m * n);
    sgemm(product.data(), widened(x, m * p).data(), widened(w, n * p).data(), m, n, p);
    convert_all(y, product.data(), m * n);
  }
}

#define MATMUL(T) template void matmul(Cpu, T*, const T*, const T*, int64_t, int64_t, int64_t);
HOLLOW_F32_FLOATS(MATMUL)

}  // namespace hollow::kernels
