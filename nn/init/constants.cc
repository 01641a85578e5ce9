#include "nn/init/constants.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nn/init/shards.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/ops/fill.h"

namespace hollow::nn::init {
namespace {

// The values of the writer constant(), or what fits of them; `op` is who asks.
void copy_box(absl::string_view op, const Tensor& tensor, const Tensor& values,
              const Shard* shard) {
  const Shard box = box_of(op, tensor, shard);
  if (box.whole != values.shape()) {
    throw Error(
        ErrorCode::kShape, op,
        absl::StrCat("values of shape ", to_string(values.shape()), " do not fit ",
                     shard == nullptr ? "" : absl::StrCat(to_string(box), ", "), describe(tensor)));
  }
  Tensor part = values;
  for (int64_t d = 0; d < part.dim(); ++d) part = part.narrow(d, box.offset[d], box.shape[d]);
  tensor.copy_(part);
}

// The elements [begin, end) of a diagonal of the whole: element i is at row `row` + i and column i,
// in the middle of all further dimensions. Repeated `count` times, `step` rows apart. They must be
// in the box.
struct Diagonals {
  int64_t row, begin, end;
  int64_t count = 1, step = 0;
};

void fill_ones(const Tensor& tensor, const Shard& box, const Diagonals& diagonals) {
  if (diagonals.begin >= diagonals.end || diagonals.count <= 0) return;
  const Strides& strides = tensor.strides();
  int64_t offset = tensor.storage_offset() +
                   (diagonals.row + diagonals.begin - box.offset[0]) * strides[0] +
                   (diagonals.begin - box.offset[1]) * strides[1];
  for (size_t d = 2; d < strides.size(); ++d) {
    offset += (box.whole[d] / 2 - box.offset[d]) * strides[d];
  }
  const Layout ones = {{diagonals.count, diagonals.end - diagonals.begin},
                       {diagonals.step * strides[0], strides[0] + strides[1]},
                       offset};
  fill_(Tensor(tensor.storage(), ones), 1);
}

}  // namespace

Writer constant(Scalar value) {
  return [value](const Tensor& tensor, RngKey, const Shard*) { fill_(tensor, value); };
}

Writer zeros() { return constant(0); }

Writer ones() { return constant(1); }

void constant_(const Tensor& tensor, Scalar value) { fill_(tensor, value); }

void zeros_(const Tensor& tensor) { fill_(tensor, 0); }

void ones_(const Tensor& tensor) { fill_(tensor, 1); }

Writer constant(const Tensor& values) {
  require_values("init::constant", values);
  return
      [kept = values.to(Device::cpu()).clone()](const Tensor& tensor, RngKey, const Shard* shard) {
        copy_box("init::constant", tensor, kept, shard);
      };
}

void constant_(const Tensor& tensor, const Tensor& values, const Shard* shard) {
  copy_box("constant_", tensor, values, shard);
}

Writer eye() {
  return [](const Tensor& tensor, RngKey, const Shard* shard) { eye_(tensor, shard); };
}

void eye_(const Tensor& tensor, const Shard* shard) {
  const Shard box = box_of("eye_", tensor, shard);
  if (tensor.dim() != 2) {
    throw Error(ErrorCode::kShape, "eye_",
                absl::StrCat("an identity matrix has two dimensions, not ", tensor.dim(), ", as ",
                             describe(tensor), " has; dirac_ is for the weight of a convolution"));
  }
  fill_(tensor, 0);
  fill_ones(tensor, box,
            {.row = 0,
             .begin = std::max(box.offset[0], box.offset[1]),
             .end = std::min(box.offset[0] + box.shape[0], box.offset[1] + box.shape[1])});
}

Writer dirac(DiracOptions options) {
  return [options](const Tensor& tensor, RngKey, const Shard* shard) {
    dirac_(tensor, options, shard);
  };
}

void dirac_(const Tensor& tensor, const DiracOptions& options, const Shard* shard) {
  const Shard box = box_of("dirac_", tensor, shard);
  const int64_t groups = options.groups;
  if (groups < 1) {
    throw Error(
        ErrorCode::kValue, "dirac_",
        absl::StrCat("groups must be at least 1; it is ", groups, ", for ", describe(tensor)));
  }
  if (tensor.dim() < 3 || tensor.dim() > 5) {
    throw Error(
        ErrorCode::kShape, "dirac_",
        absl::StrCat("the weight of a convolution has three to five dimensions, not ", tensor.dim(),
                     ", as ", describe(tensor), " has; eye_ is for a matrix"));
  }
  if (box.whole[0] % groups != 0) {
    throw Error(
        ErrorCode::kShape, "dirac_",
        absl::StrCat(box.whole[0], " output channels are not ", groups, " groups of one size, for ",
                     describe(tensor), "; the first dimension must be a multiple of groups"));
  }
  fill_(tensor, 0);
  if (tensor.numel() == 0) return;
  for (int64_t d = 2; d < tensor.dim(); ++d) {
    const int64_t middle = box.whole[d] / 2 - box.offset[d];
    if (middle < 0 || middle >= box.shape[d]) return;  // the box lies beside it
  }
  const int64_t step = box.whole[0] / groups;
  const int64_t first_row = box.offset[0], last_row = box.offset[0] + box.shape[0] - 1;
  const int64_t first = first_row / step, last = last_row / step;
  // The box has all rows of a group but for the first and the last one, so that all between them
  // are alike.
  const std::initializer_list<std::pair<int64_t, int64_t>> alike = {
      {first, first + 1}, {first + 1, last}, {std::max(first + 1, last), last + 1}};
  for (const auto& [begin, end] : alike) {
    const int64_t row = begin * step;
    fill_ones(
        tensor, box,
        {.row = row,
         .begin = std::max({int64_t{0}, first_row - row, box.offset[1]}),
         .end = std::min({step, box.whole[1], last_row + 1 - row, box.offset[1] + box.shape[1]}),
         .count = end - begin,
         .step = step});
  }
}

}  // namespace hollow::nn::init
