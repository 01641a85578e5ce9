// Running a slot's writer. Internal to nn/.
#ifndef HOLLOW_NN_WRITE_SLOT_H_
#define HOLLOW_NN_WRITE_SLOT_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "tensor/storage.h"

namespace hollow::nn {

// Runs the writer of the storage on the tensor that was declared, with the key of its name. What
// was there before counts as unwritten from the start, so that a writer that fails, or leaves
// elements out, leaves no value that could be taken for its own. Throws Error(kWriter) if it leaves
// elements out, and what it throws itself, with the name of the slot. The storage must have an
// origin with a writer. On meta the writer checks and writes nothing.
void write_slot(absl::string_view op, const std::shared_ptr<Storage>& storage);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_WRITE_SLOT_H_
