#include "tensor/dtype.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tensor/dtype_visit.h"

namespace hollow {
namespace {

constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16,
                          DType::kF64, DType::kI64, DType::kBool};
constexpr absl::string_view kNames[] = {"f32", "f16", "bf16", "f64", "i64", "bool"};

}  // namespace

bool is_floating_point(DType dtype) { return contains(Floats{}, dtype); }

absl::string_view to_string(DType dtype) { return kNames[static_cast<int>(dtype)]; }

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

absl::StatusOr<DType> parse_dtype(absl::string_view text) {
  for (const DType dtype : kAll) {
    if (to_string(dtype) == text) return dtype;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a dtype; it is one of f32, f16, bf16, f64, i64, bool"));
}

}  // namespace hollow
