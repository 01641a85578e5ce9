#include "nn/containers.h"

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow::nn {

Module& ModuleList::operator[](int64_t index) const {
  if (index < 0 || index >= size()) {
    throw Error(ErrorCode::kKey, "ModuleList",
                absl::StrCat(title(), " has ", size(), " modules and no number ", index));
  }
  return child(static_cast<size_t>(index));
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (size_t i = 0; i < num_children(); ++i) y = child(i).forward(y);
  return y;
}

}  // namespace hollow::nn
