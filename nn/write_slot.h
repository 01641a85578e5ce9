// Running a slot's writer. Internal to nn/.
#ifndef HOLLOW_NN_WRITE_SLOT_H_
#define HOLLOW_NN_WRITE_SLOT_H_

#include "absl/strings/string_view.h"
#include "tensor/tensor.h"

namespace hollow::nn {

// Runs the writer of the tensor's storage on the tensor that was declared, with the key of its
// name. Throws Error(kWriter) if it leaves elements unwritten; what the writer throws goes through.
// The storage must have an origin with a writer. On meta the writer checks and writes nothing.
void write_slot(absl::string_view op, const Tensor& tensor);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_WRITE_SLOT_H_
