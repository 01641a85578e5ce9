#include "nn/materialize.h"

#include "absl/strings/str_cat.h"
#include "nn/write_slot.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

constexpr absl::string_view kOp = "materialize";

void materialize_all(const Storages& storages, absl::string_view whose, Device device) {
  require_writers(kOp, whose, storages, Fill::kMissing);
  to_empty(kOp, storages, device);
  write_slots(kOp, storages, Fill::kMissing);
}

}  // namespace

void materialize(Module& module, Device device, Recurse recurse) {
  with_op(kOp, [&] { materialize_all(module.storages(recurse), module.title(), device); });
}

void materialize(const Tensor& tensor, Device device) {
  const Origin* const origin = tensor.storage()->origin();
  if (origin == nullptr) {
    throw Error(ErrorCode::kKey, kOp,
                absl::StrCat(describe(tensor),
                             " was declared by no module, so it has no writer; give it memory with "
                             "to_empty(tensor, device), then values with copy_() or fill_()"));
  }
  with_op(kOp, [&] { materialize_all({tensor.storage()}, declared_by(*origin), device); });
}

}  // namespace hollow::nn
