// Elementwise kernels over strided operands: operand 0 is the output y, the others are inputs in
// the order of the arguments. An output may be one of the inputs (same pointer, same strides).
// Floating types compute in f32, f64 in f64, and round once; i64 wraps around. Which NaN a NaN
// becomes is the processor's.
#ifndef HOLLOW_KERNELS_ELEMENTWISE_H_
#define HOLLOW_KERNELS_ELEMENTWISE_H_

#include "kernels/place.h"
#include "kernels/scalar.h"
#include "kernels/strided.h"

namespace hollow::kernels {

// y[i] = value. All types.
template <typename T>
void fill(Cpu, T* y, const Strided<1>& index, T value);
template <typename T>
void fill(Cuda place, T* y, const Strided<1>& index, T value);

// y[i] = convert<T>(x[i]); a plain copy where the types are one. All pairs of types.
template <typename T, typename S>
void cast(Cpu, T* y, const S* x, const Strided<2>& index);
template <typename T, typename S>
void cast(Cuda place, T* y, const S* x, const Strided<2>& index);

// y[i] = a[i] + b[i]. Numbers.
template <typename T>
void add(Cpu, T* y, const T* a, const T* b, const Strided<3>& index);
template <typename T>
void add(Cuda place, T* y, const T* a, const T* b, const Strided<3>& index);

// y[i] = a[i] * b[i]. Numbers.
template <typename T>
void mul(Cpu, T* y, const T* a, const T* b, const Strided<3>& index);
template <typename T>
void mul(Cuda place, T* y, const T* a, const T* b, const Strided<3>& index);

// The same with one number for b, which is not rounded to T first. Numbers.
template <typename T>
void add_scalar(Cpu, T* y, const T* a, Compute<T> b, const Strided<2>& index);
template <typename T>
void add_scalar(Cuda place, T* y, const T* a, Compute<T> b, const Strided<2>& index);

template <typename T>
void mul_scalar(Cpu, T* y, const T* a, Compute<T> b, const Strided<2>& index);
template <typename T>
void mul_scalar(Cuda place, T* y, const T* a, Compute<T> b, const Strided<2>& index);

// y[i] = a[i] + (alpha * c[i]) * b[i]: the product of alpha and c is rounded, the rest is one fma.
// Floating types.
template <typename T>
void addcmul(Cpu, T* y, const T* a, const T* b, const T* c, Compute<T> alpha,
             const Strided<4>& index);
template <typename T>
void addcmul(Cuda place, T* y, const T* a, const T* b, const T* c, Compute<T> alpha,
             const Strided<4>& index);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_ELEMENTWISE_H_
