// What the tests share.
#ifndef HOLLOW_TESTS_TESTING_H_
#define HOLLOW_TESTS_TESTING_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/dtype_visit.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"

namespace hollow::testing {

// Expects the call to throw Error(code), and what() to have each of the parts in it.
//
//   expect_error(ErrorCode::kMeta, {"item", "[2] f32 on meta"}, [&] { t.item<float>(); });
inline void expect_error(ErrorCode code, const std::vector<std::string>& parts,
                         absl::FunctionRef<void()> call, const char* file = __builtin_FILE(),
                         int line = __builtin_LINE()) {
  const ::testing::ScopedTrace trace(file, line, "expect_error");
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    for (const std::string& part : parts) EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
    return;
  }
  ADD_FAILURE() << "no error, instead of a " << to_string(code) << " error";
}

// The elements' own bits in row-major order, so that -0 differs from 0 and a NaN equals itself.
inline std::vector<uint64_t> bits(const Tensor& tensor) {
  std::vector<uint64_t> result(static_cast<size_t>(tensor.numel()), 0);
  visit_dtype<AllTypes>("bits", tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    size_t i = 0;
    for (const T value : tensor.to_vector<T>()) std::memcpy(&result[i++], &value, sizeof(T));
  });
  return result;
}

// first, first + 1, ... in row-major order: a value for each place, so that none can pass for
// another. In bool, whether each differs from 0. f16 tells up to 2048 apart, bf16 up to 256.
inline Tensor counting(Shape shape, const TensorOptions& options = {}, int64_t first = 1) {
  Tensor tensor = empty(std::move(shape), options);
  tensor.write<int64_t>([first](absl::Span<int64_t> values) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<int64_t>(i);
  });
  return tensor;
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_TESTING_H_
