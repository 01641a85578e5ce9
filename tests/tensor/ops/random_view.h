// Operands for tests of ops: random values, seen through random strides.
#ifndef HOLLOW_TESTS_TENSOR_OPS_RANDOM_VIEW_H_
#define HOLLOW_TESTS_TENSOR_OPS_RANDOM_VIEW_H_

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "absl/types/span.h"
#include "tensor/empty.h"
#include "tensor/tensor.h"

namespace hollow::testing {

// Values in [-2, 2) with all their bits; any integers in i64.
inline void write_random(const Tensor& tensor, std::mt19937_64& random) {
  if (tensor.dtype() == DType::kI64) {
    tensor.write<int64_t>([&](absl::Span<int64_t> values) {
      for (int64_t& value : values) value = static_cast<int64_t>(random() >> (random() % 64));
    });
  } else {
    tensor.write<float>([&](absl::Span<float> values) {
      for (float& value : values) {
        value = static_cast<float>(static_cast<double>(random()) * 0x1p-62 - 2);
      }
    });
  }
}

// A tensor of that shape whose dimensions lie in memory in a random order, with gaps between them
// and at any offset: mostly unaligned. Only its own elements have been written.
inline Tensor random_view(const Shape& shape, DType dtype, std::mt19937_64& random) {
  std::vector<int64_t> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  Shape padded;
  Shape back(shape.size());
  std::vector<int64_t> start;
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t before = static_cast<int64_t>(random() % 3);
    const int64_t after = static_cast<int64_t>(random() % 2);
    padded.push_back(before + shape[static_cast<size_t>(order[i])] + after);
    start.push_back(before);
    back[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  }
  Tensor view = empty(padded, {.dtype = dtype, .device = Device::cpu()});
  for (size_t i = 0; i < order.size(); ++i) {
    view = view.narrow(static_cast<int64_t>(i), start[i], shape[static_cast<size_t>(order[i])]);
  }
  view = view.permute(back);
  write_random(view, random);
  return view;
}

inline Tensor random_tensor(const Shape& shape, DType dtype, std::mt19937_64& random) {
  Tensor tensor = empty(shape, {.dtype = dtype, .device = Device::cpu()});
  write_random(tensor, random);
  return tensor;
}

// What rounding to nearest may do, relative to the value.
inline double half_digit(DType dtype) {
  if (dtype == DType::kF64) return 0x1p-53;
  return dtype == DType::kF32 ? 0x1p-24 : dtype == DType::kF16 ? 0x1p-11 : 0x1p-8;
}

// The values of a floating tensor; each of them is a double.
inline std::vector<double> doubles(const Tensor& tensor) { return tensor.to_vector<double>(); }

// For LayerScale: rows and channels of all kinds, whole vectors and less than one among them.
struct ScaledShape {
  Shape x, gamma;
};
inline const std::vector<ScaledShape>& scaled_shapes() {
  static const std::vector<ScaledShape> shapes = {
      {{257, 384}, {384}}, {{2, 50, 96}, {96}}, {{3, 5, 7}, {7}},   {{1}, {1}},
      {{1000}, {1000}},    {{4, 1}, {1}},       {{9, 3}, {3}},      {{2, 3, 2, 3, 17}, {17}},
      {{0, 8}, {8}},       {{3, 0, 8}, {8}},    {{31, 129}, {129}}, {{3, 0}, {0}}};
  return shapes;
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_TENSOR_OPS_RANDOM_VIEW_H_
