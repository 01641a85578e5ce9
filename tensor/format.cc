#include "tensor/format.h"

#include <cmath>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"

namespace hollow {
namespace {

constexpr int64_t kPrintWhole = 1000;
constexpr int64_t kEdge = 3;

std::string number(const Tensor& scalar) {
  std::string text;
  visit_dtype<AllTypes>("to_string", scalar.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T value = scalar.item<T>();
    if constexpr (std::is_same_v<T, bool>) {
      text = value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, int64_t>) {
      text = absl::StrCat(value);
    } else {
      const double number = static_cast<double>(static_cast<kernels::Compute<T>>(value));
      text = std::isnan(number) ? "nan" : absl::StrCat(number);
    }
  });
  return text;
}

std::string values(const Tensor& tensor, bool whole) {
  if (tensor.dim() == 0) return number(tensor);
  const int64_t size = tensor.size(0);
  std::vector<std::string> parts;
  for (int64_t i = 0; i < size; ++i) {
    if (!whole && size > 2 * kEdge && i == kEdge) {
      parts.push_back("...");
      i = size - kEdge;
    }
    parts.push_back(values(tensor.select(0, i), whole));
  }
  return absl::StrCat("[", absl::StrJoin(parts, ", "), "]");
}

}  // namespace

std::string to_string(const Tensor& tensor) {
  return with_op("to_string", [&] {
    const std::string kind =
        absl::StrCat(to_string(tensor.dtype()), ", ", to_string(tensor.device()));
    const std::string shape = absl::StrCat("shape=", to_string(tensor.shape()), ", ");
    if (tensor.is_initialized() && tensor.numel() > 0) {
      const bool whole = tensor.numel() <= kPrintWhole;
      return absl::StrCat("tensor(", values(tensor.to(Device::cpu()), whole), ", ",
                          whole ? "" : shape, kind, ")");
    }
    const Origin* const origin = tensor.storage()->origin();
    std::string name;
    if (origin != nullptr) {
      name = absl::StrCat(tensor.layout() == layout_of(*origin) ? "" : "view of ", "\"",
                          origin->name, "\", ");
    }
    std::string unwritten;
    if (!tensor.is_meta() && tensor.numel() > 0) {
      unwritten = absl::StrCat(", ", to_string(tensor.state()), ": ",
                               tensor.storage()->unwritten(tensor.layout()).count(), " of ",
                               tensor.numel(), " elements were never written");
    }
    return absl::StrCat("tensor(", name, shape, kind, unwritten, ")");
  });
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  return out << to_string(tensor);
}

}  // namespace hollow
