#include "benchmarks/operands.h"

#include "absl/strings/str_cat.h"
#include "tensor/empty.h"
#include "tensor/ops/random.h"

namespace hollow::benchmarks {

Operands Workspace::operands(int64_t rows, int64_t dim, DType dtype, Device device) {
  const TensorOptions options{.dtype = dtype, .device = device};
  const int64_t numel = rows * dim;
  const std::string key = absl::StrCat(to_string(dtype), "/", to_string(device));

  auto kept = kept_.find(key);
  if (kept != kept_.end() && kept->second.x.numel() < numel) {
    kept_.erase(kept);  // before the larger ones are made, or both would have to fit
    kept = kept_.end();
  }
  if (kept == kept_.end()) {
    kept = kept_.emplace(key, Kept{empty({numel}, options), empty({numel}, options)}).first;
    uniform_(kept->second.x, 0.5, 1.5, RngKey(0) / "x");
  }

  // Signs alone: however often an in-place case multiplies x by them, its magnitudes stay what they
  // were, and no case slides into subnormals.
  const Tensor gamma = empty({dim}, options);
  gamma.write<float>([](absl::Span<float> values) {
    for (size_t c = 0; c < values.size(); ++c) values[c] = c * c % 7 < 3 ? -1.0f : 1.0f;
  });
  return {kept->second.x.narrow(0, 0, numel).reshape({rows, dim}),
          kept->second.y.narrow(0, 0, numel).reshape({rows, dim}), gamma};
}

}  // namespace hollow::benchmarks
