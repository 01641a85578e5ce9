#include "tensor/run.h"

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"

namespace hollow::internal {
namespace {

void require_no_overlap(absl::string_view op, const Tensor& output, const Tensor& input) {
  if (output.storage() != input.storage() || output.layout() == input.layout()) return;
  if (!Ranges::touched_by(output.layout()).intersects(Ranges::touched_by(input.layout()))) return;
  throw Error(ErrorCode::kAlias, op,
              absl::StrCat("the output, ", describe(output), ", overlaps the input, ",
                           describe(input),
                           ", without being the same elements in the same order; give a clone() of "
                           "the input"));
}

}  // namespace

bool prepare(absl::string_view op, const Tensor& output, absl::Span<const Tensor* const> inputs,
             bool one_dtype) {
  const StorageWord out = output.storage()->word();
  for (const Tensor* const input : inputs) {
    const StorageWord in = input->storage()->word();
    if (in.device() != out.device()) {
      throw Error(ErrorCode::kDevice, op,
                  absl::StrCat("operands are on different devices: ", describe(output), " and ",
                               describe(*input),
                               "; bring them together with to(device), or to_empty(device) for one "
                               "on meta"));
    }
    if (one_dtype && in.dtype() != out.dtype()) {
      throw Error(ErrorCode::kDType, op,
                  absl::StrCat("operands are of different dtypes: ", describe(output), " and ",
                               describe(*input), "; convert one with to(dtype)"));
    }
    require_no_overlap(op, output, *input);
  }
  require_writable(op, output);
  if (out.state() == State::kMeta) return false;
  for (const Tensor* const input : inputs) require_values(op, *input);
  return true;
}

}  // namespace hollow::internal
