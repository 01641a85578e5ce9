#include "nn/init/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "nn/init/orthonormal.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/ops/random.h"

namespace hollow::nn::init {
namespace {

constexpr OpName kOp = "orthogonal_";

void check(const Tensor& tensor, const OrthogonalOptions& options) {
  about({&tensor}, [&] { check_dtype(kOp, Floats{}, tensor.dtype()); });
  require_writable(kOp, tensor);
  if (tensor.dim() < 2) {
    throw Error(ErrorCode::kShape, kOp,
                absl::StrCat("a matrix has two dimensions or more, not ", tensor.dim(), ", as ",
                             describe(tensor), " has; normal_ is for any"));
  }
  if (!std::isfinite(static_cast<float>(options.gain))) {
    throw Error(
        ErrorCode::kValue, kOp,
        absl::StrCat("gain must be finite; it is ", options.gain, ", for ", describe(tensor)));
  }
}

// The shorter side of a matrix in row-major order, as rows.
Rows shorter_side(absl::Span<const float> matrix, int64_t rows, int64_t columns) {
  Rows result(std::min(rows, columns), std::max(rows, columns));
  size_t at = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      const double value = matrix[at++];
      (rows < columns ? result[i][j] : result[j][i]) = value;
    }
  }
  return result;
}

}  // namespace

Writer orthogonal(OrthogonalOptions options) {
  return [options](const Tensor& tensor, RngKey key) { orthogonal_(tensor, options, key); };
}

void orthogonal_(const Tensor& tensor, const OrthogonalOptions& options, RngKey key) {
  check(tensor, options);
  if (tensor.is_meta() || tensor.numel() == 0) return;
  with_op(kOp, [&] {
    const int64_t rows = tensor.size(0), columns = tensor.numel() / rows;
    const Tensor matrix = empty(kOp, {rows, columns}, {.device = Device::cpu()});
    normal_(matrix, 0, 1, key);
    Rows basis =
        shorter_side({matrix.data<float>(), static_cast<size_t>(matrix.numel())}, rows, columns);
    orthonormalize(basis);
    tensor.write<float>([&](absl::Span<float> values) {
      size_t at = 0;
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < columns; ++j) {
          const double value = rows < columns ? basis[i][j] : basis[j][i];
          values[at++] = static_cast<float>(options.gain * value);
        }
      }
    });
  });
}

}  // namespace hollow::nn::init
