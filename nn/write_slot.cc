#include "nn/write_slot.h"

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/error.h"

namespace hollow::nn {

void write_slot(absl::string_view op, const Tensor& tensor) {
  const Origin& origin = *tensor.storage()->origin();
  const Tensor declared(tensor.storage(), origin.layout);
  origin.writer(declared, origin.key);
  if (declared.is_meta()) return;
  if (!declared.is_initialized()) {
    throw Error(ErrorCode::kWriter, op,
                absl::StrCat("the writer of ", describe(declared), " left ",
                             tensor.storage()->unwritten(origin.layout).count(),
                             " elements unwritten; a writer must write all of its slot"));
  }
  tensor.storage()->mark_pristine();
}

}  // namespace hollow::nn
