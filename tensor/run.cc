#include "tensor/run.h"

#include <utility>

#include "tensor/describe.h"

namespace hollow {

Tensor operand(absl::string_view op, const Tensor& output, const Tensor& input) {
  Layout layout = with_op(op, [&] {
    return about({&output, &input}, [&] { return expanded(op, input.layout(), output.shape()); });
  });
  require_one_device(op, output, input);
  require_one_dtype(op, output, input);
  return Tensor(input.storage(), std::move(layout));
}

namespace internal {
bool prepare(absl::string_view op, Operands outputs, Operands inputs, bool one_dtype) {
  const Tensor& first = *outputs[0];
  for (const Tensor* const other : outputs.subspan(1))
    require_apart(op, "two outputs", first, *other);
  for (const Tensor* const output : outputs) {
    for (const Tensor* const input : inputs) {
      require_one_device(op, *output, *input);
      if (one_dtype) require_one_dtype(op, *output, *input);
      require_no_overlap(op, *output, *input);
    }
    require_writable(op, *output);
  }
  if (first.is_meta()) return false;
  for (const Tensor* const input : inputs) require_values(op, *input);
  for (const Tensor* const output : outputs) output->storage()->expect_write(output->layout());
  return true;
}

}  // namespace internal
}  // namespace hollow
