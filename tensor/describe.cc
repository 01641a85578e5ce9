#include "tensor/describe.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensor/origin.h"
#include "tensor/overlap.h"

namespace hollow {
namespace {

constexpr absl::string_view kWrite = "copy_() or fill_()";

// The others of the same root that are not ready: whoever mends one wants to know them all.
std::string unfinished_beside(const Tensor& tensor) {
  const Origin* const origin = tensor.storage()->origin();
  if (origin == nullptr || origin->kin == nullptr) return "";
  std::string list;
  for (const Tensor& other : origin->kin->unfinished()) {
    if (other.storage() == tensor.storage()) continue;
    absl::StrAppend(&list, list.empty() ? "" : ", ", "\"", other.name(), "\" (",
                    to_string(other.state()), ")");
  }
  return list.empty() ? "" : absl::StrCat(". Unfinished in the same model: ", list);
}

// describe(), and the module that declared it.
std::string with_declarer(const Tensor& tensor) {
  const Origin* const origin = tensor.storage()->origin();
  return origin == nullptr ? describe(tensor)
                           : absl::StrCat(describe(tensor), ", declared by ", declared_by(*origin));
}

// What gives memory and values to a tensor on meta.
std::string mend_of_meta(const Tensor& tensor) {
  return has_writer(tensor.storage()->origin())
             ? "call materialize(module, device), or to_empty(device) and then "
               "reset_parameters(), on its module"
             : absl::StrCat("give it memory with to_empty(tensor, device), then values with ",
                            kWrite);
}

}  // namespace

std::string describe(const Tensor& tensor) {
  const Origin* const origin = tensor.storage()->origin();
  const Layout layout = origin == nullptr ? tensor.layout() : layout_of(*origin);
  std::string text = "tensor ";
  if (origin != nullptr) {
    text = tensor.layout() == layout
               ? absl::StrCat("\"", origin->name, "\" ")
               : absl::StrCat("view ", to_string(tensor.shape()), " of \"", origin->name, "\" ");
  }
  absl::StrAppend(&text, to_string(layout.shape), " ", to_string(tensor.dtype()), " on ",
                  to_string(tensor.device()));
  if (!tensor.is_meta()) absl::StrAppend(&text, " (", to_string(tensor.state()), ")");
  return text;
}

void require_values(absl::string_view op, const Tensor& tensor) {
  if (tensor.is_initialized()) return;
  const Origin* const origin = tensor.storage()->origin();
  const std::string what = with_declarer(tensor);
  if (tensor.is_meta()) {
    throw Error(
        ErrorCode::kMeta, op,
        absl::StrCat(what, origin == nullptr ? "" : ",", " has no memory, and so no values; ",
                     mend_of_meta(tensor), unfinished_beside(tensor)));
  }
  const Ranges missing = tensor.storage()->unwritten(tensor.layout());
  if (missing.empty()) return;  // another thread has written them just now
  throw Error(
      ErrorCode::kUninitialized, op,
      absl::StrCat(
          what, origin == nullptr ? ": " : ", is not ready: ", missing.count(), " of ",
          tensor.numel(), " elements were never written, the first is element ",
          missing.ranges().front().begin, " of its storage; write them with ",
          has_writer(origin) ? "materialize() or reset_parameters() of its module, or " : "",
          kWrite, unfinished_beside(tensor)));
}

void require_writable(absl::string_view op, const Tensor& tensor) {
  if (tensor.is_contiguous() || !tensor.layout().repeats()) return;
  throw Error(ErrorCode::kAlias, op,
              absl::StrCat(describe(tensor), " with strides ", to_string(tensor.strides()),
                           " repeats its elements (it was expanded), so it can be read and not "
                           "written; write to a clone(), or to the tensor it was expanded from"));
}

void rethrow_about(const Error& error, std::initializer_list<const Tensor*> tensors) {
  throw Error(error.code(), error.op(),
              absl::StrCat(error.message(), ". The tensors: ",
                           absl::StrJoin(tensors, ", ", [](std::string* out, const Tensor* tensor) {
                             absl::StrAppend(out, describe(*tensor));
                           })));
}

void require_one_device(absl::string_view op, const Tensor& a, const Tensor& b) {
  if (a.device() == b.device()) return;
  const Tensor& meta = a.is_meta() ? a : b;
  const bool is_slot = meta.is_meta() && meta.storage()->origin() != nullptr;
  throw Error(ErrorCode::kDevice, op,
              absl::StrCat("operands are on different devices: ",
                           a.is_meta() ? with_declarer(a) : describe(a), " and ",
                           b.is_meta() ? with_declarer(b) : describe(b), "; ",
                           is_slot ? mend_of_meta(meta)
                                   : "bring them together with to(device), or with "
                                     "to_empty(device) for one on meta",
                           is_slot ? unfinished_beside(meta) : ""));
}

void require_one_dtype(absl::string_view op, const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return;
  throw Error(ErrorCode::kDType, op,
              absl::StrCat("operands are of different dtypes: ", describe(a), " and ", describe(b),
                           "; convert one with to(dtype)"));
}

void require_no_overlap(absl::string_view op, const Tensor& output, const Tensor& input) {
  if (output.storage() != input.storage() || output.layout().is_equivalent(input.layout())) return;
  if (!overlaps(output.layout(), input.layout())) return;
  throw Error(
      ErrorCode::kAlias, op,
      absl::StrCat("the output, ", describe(output), ", overlaps the input, ", describe(input),
                   ", without being the same elements in the same order; give a clone() of "
                   "the input"));
}

void require_apart(absl::string_view op, absl::string_view what, const Tensor& a, const Tensor& b) {
  if (a.storage() != b.storage() || !overlaps(a.layout(), b.layout())) return;
  throw Error(ErrorCode::kAlias, op,
              absl::StrCat(what, " share elements: ", describe(a), " and ", describe(b),
                           "; give each its own"));
}

}  // namespace hollow
