// The one list of element types. Each kernel room instantiates its templates over these lists, so a
// type added here is asked of every room, and the linker names the one that lacks it. F32_FLOATS
// are those that are computed in f32.
#ifndef HOLLOW_KERNELS_DTYPES_H_
#define HOLLOW_KERNELS_DTYPES_H_

#include <cstdint>

#include "kernels/scalar.h"

// clang-format off
#define HOLLOW_F32_FLOATS(X) X(float) X(::hollow::kernels::Half) X(::hollow::kernels::BFloat16)
#define HOLLOW_FLOATS(X) HOLLOW_F32_FLOATS(X) X(double)
#define HOLLOW_NUMBERS(X) HOLLOW_FLOATS(X) X(int64_t)
#define HOLLOW_ALL(X) HOLLOW_NUMBERS(X) X(bool)
// clang-format on

#endif  // HOLLOW_KERNELS_DTYPES_H_
