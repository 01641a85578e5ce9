#include "nn/stochastic_depth.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tensor/error.h"
#include "tensor/factory.h"
#include "tensor/ops/random.h"

namespace hollow::nn {
namespace {

void check(absl::string_view op, int64_t batch, int64_t at_least, const char* name, double share) {
  if (batch < at_least) {
    throw Error(
        ErrorCode::kValue, op,
        absl::StrCat("the batch is of ", batch, " samples; it must be ", at_least, " or more"));
  }
  if (!(share >= 0 && share <= 1)) {
    throw Error(ErrorCode::kValue, op,
                absl::StrCat(name, " is ", share, "; it must be from 0 to 1"));
  }
}

}  // namespace

KeptSamples drop_path(int64_t batch, double drop_prob, RngKey key) {
  check("drop_path", batch, 0, "drop_prob", drop_prob);
  const Tensor keep = empty({batch}, {.dtype = DType::kBool, .device = Device::cpu()});
  bernoulli_(keep, 1 - drop_prob, key);
  KeptSamples kept;
  const std::vector<bool> values = keep.to_vector<bool>();
  for (int64_t i = 0; i < batch; ++i) {
    if (values[static_cast<size_t>(i)]) kept.index.push_back(i);
  }
  if (drop_prob < 1) kept.scale = 1 / (1 - drop_prob);
  return kept;
}

KeptSamples sample_subset(int64_t batch, double drop_ratio, RngKey key) {
  check("sample_subset", batch, 1, "drop_ratio", drop_ratio);
  const auto count =
      std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(batch) * (1 - drop_ratio)));
  // Those of the smallest random numbers.
  const Tensor lots = empty({batch}, {.dtype = DType::kI64, .device = Device::cpu()});
  randint_(lots, 0, int64_t{1} << 62, key);
  const std::vector<int64_t> lot = lots.to_vector<int64_t>();
  KeptSamples kept;
  kept.index.resize(static_cast<size_t>(batch));
  std::iota(kept.index.begin(), kept.index.end(), 0);
  std::nth_element(kept.index.begin(), kept.index.begin() + count - 1, kept.index.end(),
                   [&](int64_t a, int64_t b) {
                     return std::pair(lot[static_cast<size_t>(a)], a) <
                            std::pair(lot[static_cast<size_t>(b)], b);
                   });
  kept.index.resize(static_cast<size_t>(count));
  std::sort(kept.index.begin(), kept.index.end());
  kept.scale = static_cast<double>(batch) / static_cast<double>(count);
  return kept;
}

}  // namespace hollow::nn
