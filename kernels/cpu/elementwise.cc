#include "kernels/elementwise.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/arithmetic.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/rows.h"
#include "kernels/dtypes.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kGrain = 1 << 15, kUnit = 1 << 10;

// Calls element(at) for every index, where at(k) is the offset of operand k. No element is written
// that another index reads: operands are the same, or apart.
template <int kOperands, typename Element>
void for_each(const Strided<kOperands>& index, Element element) {
  parallel_for(index.numel, kGrain, kUnit, [&](int64_t begin, int64_t end) {
    for_each_row(index, begin, end, [&](const Row<kOperands>& row) {
      const int64_t count = row.count;
      if (row.is_contiguous()) {
#pragma GCC ivdep
        for (int64_t i = 0; i < count; ++i) {
          element([&row, i](int k) { return row.first[k] + i; });
        }
      } else {
        for (int64_t i = 0; i < count; ++i) {
          element([&row, i](int k) { return row.first[k] + i * row.step[k]; });
        }
      }
    });
  });
}

template <typename Operation, typename T>
void with_element(T* y, const T* a, const T* b, const Strided<3>& index) {
  for_each(index, [=](auto at) { y[at(0)] = Operation::of(a[at(1)], b[at(2)]); });
}

template <typename Operation, typename T>
void with_scalar(T* y, const T* a, Compute<T> b, const Strided<2>& index) {
  for_each(index, [=](auto at) { y[at(0)] = Operation::of(a[at(1)], b); });
}

// y[0] to y[count - 1].
template <typename T>
void fill_row(T* y, int64_t count, T value) {
  constexpr int64_t kPerWord = 8 / sizeof(T);
  T values[kPerWord];
  std::fill(values, values + kPerWord, value);
  uint64_t word;
  std::memcpy(&word, values, sizeof(word));
  int64_t words = count / kPerWord;
  std::fill(y + words * kPerWord, y + count, value);
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // The processor's own loop. Unlike one of stores, it does not read lines before it writes them.
  asm volatile("rep stosq" : "+D"(y), "+c"(words) : "a"(word) : "memory");
#else
  for (int64_t i = 0; i < words; ++i) std::memcpy(y + i * kPerWord, &word, sizeof(word));
#endif
}

}  // namespace

template <typename T>
void fill(Cpu, T* y, const Strided<1>& index, T value) {
  if (!index.contiguous) return for_each(index, [=](auto at) { y[at(0)] = value; });
  parallel_for(index.numel, kGrain, kUnit,
               [=](int64_t begin, int64_t end) { fill_row(y + begin, end - begin, value); });
}

template <typename T, typename S>
void cast(Cpu, T* y, const S* x, const Strided<2>& index) {
  for_each(index, [=](auto at) { y[at(0)] = convert<T>(x[at(1)]); });
}

template <typename T>
void add(Cpu, T* y, const T* a, const T* b, const Strided<3>& index) {
  with_element<Sum>(y, a, b, index);
}

template <typename T>
void mul(Cpu, T* y, const T* a, const T* b, const Strided<3>& index) {
  with_element<Product>(y, a, b, index);
}

template <typename T>
void add_scalar(Cpu, T* y, const T* a, Compute<T> b, const Strided<2>& index) {
  with_scalar<Sum>(y, a, b, index);
}

template <typename T>
void mul_scalar(Cpu, T* y, const T* a, Compute<T> b, const Strided<2>& index) {
  with_scalar<Product>(y, a, b, index);
}

template <typename T>
void addcmul(Cpu, T* y, const T* a, const T* b, const T* c, Compute<T> alpha,
             const Strided<4>& index) {
  for_each(index, [=](auto at) {
    y[at(0)] = ScaledSum::of(a[at(1)], b[at(2)], alpha * static_cast<Compute<T>>(c[at(3)]));
  });
}

#define FILL(T) template void fill(Cpu, T*, const Strided<1>&, T);
HOLLOW_ALL(FILL)
#define CAST(T)                                                    \
  template void cast(Cpu, T*, const float*, const Strided<2>&);    \
  template void cast(Cpu, T*, const double*, const Strided<2>&);   \
  template void cast(Cpu, T*, const Half*, const Strided<2>&);     \
  template void cast(Cpu, T*, const BFloat16*, const Strided<2>&); \
  template void cast(Cpu, T*, const int64_t*, const Strided<2>&);  \
  template void cast(Cpu, T*, const bool*, const Strided<2>&);
HOLLOW_ALL(CAST)
#define ARITHMETIC(T)                                                \
  template void add(Cpu, T*, const T*, const T*, const Strided<3>&); \
  template void mul(Cpu, T*, const T*, const T*, const Strided<3>&);
HOLLOW_NUMBERS(ARITHMETIC)
#define SCALAR(T)                                                             \
  template void add_scalar(Cpu, T*, const T*, Compute<T>, const Strided<2>&); \
  template void mul_scalar(Cpu, T*, const T*, Compute<T>, const Strided<2>&);
HOLLOW_NUMBERS(SCALAR)
#define ADDCMUL(T) \
  template void addcmul(Cpu, T*, const T*, const T*, const T*, Compute<T>, const Strided<4>&);
HOLLOW_FLOATS(ADDCMUL)

}  // namespace hollow::kernels
