// What the calls of the table are made with.
#ifndef HOLLOW_TESTS_PARITY_INPUTS_H_
#define HOLLOW_TESTS_PARITY_INPUTS_H_

#include <utility>
#include <vector>

#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow::testing {

using Results = std::vector<Tensor>;

inline constexpr DType kF32Floats[] = {DType::kF32, DType::kF16, DType::kBF16};
inline constexpr DType kFloats[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};
inline constexpr DType kNumbers[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64,
                                     DType::kI64};
inline constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16,
                                 DType::kF64, DType::kI64, DType::kBool};

// Random values, in i64 and bool 0, 1, 2, ...; under each name others.
inline Tensor in(Shape shape, DType dtype, Device device, const char* name = "x") {
  const TensorOptions options = {.dtype = dtype, .device = device};
  if (!is_floating_point(dtype)) return counting(std::move(shape), options, 0);
  return randn(std::move(shape), RngKey(5) / name, options);
}

// [4, 5] with gaps, the dimensions in the other order, and an odd offset.
inline Tensor strided(DType dtype, Device device, const char* name = "x") {
  return in({6, 7}, dtype, device, name).transpose(0, 1).narrow(0, 1, 4).narrow(1, 1, 5);
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_PARITY_INPUTS_H_
