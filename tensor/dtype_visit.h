// The one switch over dtypes.
//
//   visit_dtype<Floats>("normal_", t.dtype(), [&](auto type) {
//     using T = typename decltype(type)::Type;
//     ...
//   });
//
// A dtype outside the list is an Error(kDType) that names the op and what it takes.
#ifndef HOLLOW_TENSOR_DTYPE_VISIT_H_
#define HOLLOW_TENSOR_DTYPE_VISIT_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "tensor/dtype.h"
#include "tensor/error.h"

namespace hollow {

template <typename... Ts>
struct TypeList {};

using F32Floats = TypeList<float, Half, BFloat16>;  // are computed in f32
using Floats = TypeList<float, Half, BFloat16, double>;
using Numbers = TypeList<float, Half, BFloat16, double, int64_t>;
using AllTypes = TypeList<float, Half, BFloat16, double, int64_t, bool>;

template <typename T>
struct TypeTag {
  using Type = T;
};

namespace internal {

[[noreturn]] inline void dtype_not_taken(absl::string_view op, DType dtype,
                                         std::initializer_list<DType> taken) {
  throw Error(ErrorCode::kDType, op,
              absl::StrCat("does not take ", to_string(dtype), ", only ",
                           absl::StrJoin(taken, ", ",
                                         [](std::string* out, DType each) {
                                           absl::StrAppend(out, to_string(each));
                                         }),
                           "; convert it with to(dtype), or declare it with one of these"));
}

}  // namespace internal

template <typename... Ts>
constexpr bool contains(TypeList<Ts...>, DType dtype) {
  return ((dtype == dtype_of<Ts>()) || ...);
}

// Throws unless the list has the dtype. For the half of an op that runs on meta as well.
template <typename... Ts>
void check_dtype(absl::string_view op, TypeList<Ts...> list, DType dtype) {
  if (!contains(list, dtype)) internal::dtype_not_taken(op, dtype, {dtype_of<Ts>()...});
}

template <typename List, typename Function>
void visit_dtype(absl::string_view op, DType dtype, Function&& function) {
  const auto call = [&](auto tag) {
    if constexpr (contains(List{}, dtype_of<typename decltype(tag)::Type>())) function(tag);
  };
  check_dtype(op, List{}, dtype);
  switch (dtype) {
    case DType::kF32:
      return call(TypeTag<float>{});
    case DType::kF16:
      return call(TypeTag<Half>{});
    case DType::kBF16:
      return call(TypeTag<BFloat16>{});
    case DType::kF64:
      return call(TypeTag<double>{});
    case DType::kI64:
      return call(TypeTag<int64_t>{});
    case DType::kBool:
      return call(TypeTag<bool>{});
  }
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_DTYPE_VISIT_H_
