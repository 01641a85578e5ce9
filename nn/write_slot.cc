#include "nn/write_slot.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/tensor.h"

namespace hollow::nn {

void write_slot(absl::string_view op, const std::shared_ptr<Storage>& storage) {
  const Origin& origin = *storage->origin();
  const Tensor declared(storage, origin.layout);
  const auto failed = [&](ErrorCode code, absl::string_view what) {
    return Error(code, op, absl::StrCat("the writer of \"", origin.name, "\" failed: ", what));
  };
  const Writer writer = origin.writer;  // a copy, since a writer may replace itself
  storage->mark_unwritten();
  try {
    writer(declared, origin.key);
  } catch (const Error& error) {
    throw failed(error.code(), error.what());
  } catch (const std::exception& exception) {
    throw failed(ErrorCode::kWriter, exception.what());
  }
  if (declared.is_meta()) return;
  if (!declared.is_initialized()) {
    throw Error(ErrorCode::kWriter, op,
                absl::StrCat("the writer of ", describe(declared), " left ",
                             storage->unwritten(origin.layout).count(),
                             " elements unwritten; a writer must write all of its slot"));
  }
  storage->mark_pristine();
}

}  // namespace hollow::nn
