#include "nn/init/sparse.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/ops/random.h"

namespace hollow::nn::init {
namespace {

constexpr OpName kOp = "sparse_";

void check(const Tensor& tensor, double sparsity) {
  about({&tensor}, [&] { check_dtype(kOp, Floats{}, tensor.dtype()); });
  require_writable(kOp, tensor);
  if (tensor.dim() != 2) {
    throw Error(ErrorCode::kShape, kOp,
                absl::StrCat("a matrix has two dimensions, not ", tensor.dim(), ", as ",
                             describe(tensor), " has; normal_ and bernoulli_ are for any"));
  }
  if (!(sparsity >= 0 && sparsity <= 1)) {
    throw Error(
        ErrorCode::kValue, kOp,
        absl::StrCat("sparsity must be from 0 to 1; it is ", sparsity, ", for ", describe(tensor)));
  }
}

}  // namespace

Writer sparse(double sparsity, SparseOptions options) {
  return [=](const Tensor& tensor, RngKey key) { sparse_(tensor, sparsity, options, key); };
}

void sparse_(const Tensor& tensor, double sparsity, const SparseOptions& options, RngKey key) {
  check(tensor, sparsity);
  if (tensor.is_meta() || tensor.numel() == 0) return normal_(tensor, 0, options.std, key);
  with_op(kOp, [&] {
    const size_t rows = static_cast<size_t>(tensor.size(0));
    const size_t columns = static_cast<size_t>(tensor.size(1));
    const size_t zeros = static_cast<size_t>(std::ceil(sparsity * static_cast<double>(rows)));
    const Tensor lots = empty(kOp, tensor.shape(), {.dtype = DType::kI64, .device = Device::cpu()});
    randint_(lots, 0, std::numeric_limits<int64_t>::max(), key / "sparse rows");
    const int64_t* const lot = lots.data<int64_t>();
    const Tensor normals = empty(kOp, tensor.shape(), {.device = Device::cpu()});
    normal_(normals, 0, options.std, key);
    const float* const normal = normals.data<float>();
    std::vector<std::pair<int64_t, size_t>> drawn(rows);
    tensor.write<float>([&](absl::Span<float> values) {
      std::copy(normal, normal + values.size(), values.begin());
      for (size_t j = 0; j < columns; ++j) {
        for (size_t i = 0; i < rows; ++i) drawn[i] = {lot[i * columns + j], i};
        const auto end = drawn.begin() + static_cast<std::ptrdiff_t>(zeros);
        std::nth_element(drawn.begin(), end, drawn.end());
        for (auto it = drawn.begin(); it != end; ++it) values[it->second * columns + j] = 0;
      }
    });
  });
}

}  // namespace hollow::nn::init
