#include "tensor/describe.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace hollow {
namespace {

constexpr absl::string_view kWrite = "copy_() or fill_()";

// The others of the same root that are not ready: whoever mends one wants to know them all.
std::string unfinished_beside(const Tensor& tensor) {
  const Origin* const origin = tensor.storage()->origin();
  const std::shared_ptr<const Kin> kin = origin ? origin->kin.lock() : nullptr;
  if (kin == nullptr) return "";
  std::string list;
  for (const Tensor& other : kin->unfinished()) {
    if (other.storage() == tensor.storage()) continue;
    absl::StrAppend(&list, list.empty() ? "" : ", ", "\"", other.name(), "\" (",
                    to_string(other.state()), ")");
  }
  return list.empty() ? "" : absl::StrCat(". Unfinished in the same model: ", list);
}

}  // namespace

std::string describe(const Tensor& tensor) {
  const Origin* const origin = tensor.storage()->origin();
  std::string text = "tensor ";
  if (origin != nullptr) {
    text = tensor.layout() == origin->layout
               ? absl::StrCat("\"", origin->name, "\" ")
               : absl::StrCat("view ", to_string(tensor.shape()), " of \"", origin->name, "\" ");
  }
  const Layout& layout =
      origin != nullptr && tensor.layout() != origin->layout ? origin->layout : tensor.layout();
  absl::StrAppend(&text, to_string(layout.shape), " ", to_string(tensor.dtype()), " on ",
                  to_string(tensor.device()));
  if (!tensor.is_meta()) absl::StrAppend(&text, " (", to_string(tensor.state()), ")");
  return text;
}

void require_values(absl::string_view op, const Tensor& tensor) {
  if (tensor.is_initialized()) return;
  const bool in_module = tensor.storage()->origin() != nullptr;
  if (tensor.is_meta()) {
    throw Error(ErrorCode::kMeta, op,
                absl::StrCat(describe(tensor), " has no memory, and so no values; ",
                             in_module ? "call to_empty(device), then reset_parameters(), on its module"
                                       : absl::StrCat("give it memory with to_empty(tensor, device), "
                                                      "then values with ",
                                                      kWrite),
                             unfinished_beside(tensor)));
  }
  const Ranges missing = tensor.storage()->unwritten(tensor.layout());
  throw Error(ErrorCode::kUninitialized, op,
              absl::StrCat(describe(tensor), " has ", missing.count(),
                           " elements that were never written, the first is element ",
                           missing.ranges().front().begin, " of its storage; write them with ",
                           in_module ? "reset_parameters() of its module, or " : "", kWrite,
                           unfinished_beside(tensor)));
}

void require_writable(absl::string_view op, const Tensor& tensor) {
  if (!tensor.layout().repeats()) return;
  throw Error(ErrorCode::kAlias, op,
              absl::StrCat(describe(tensor), " with strides ", to_string(tensor.strides()),
                           " repeats its elements (it was expanded), so it can be read and not "
                           "written; write to a clone(), or to the tensor it was expanded from"));
}

}  // namespace hollow
