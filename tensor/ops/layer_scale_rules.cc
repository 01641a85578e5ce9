#include "tensor/ops/layer_scale_rules.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow {

namespace internal {

void refuse_scaled(absl::string_view op, const Tensor& x, const Tensor& gamma) {
  throw Error(ErrorCode::kShape, op,
              absl::StrCat("gamma must be [dim], and the last size of x that dim; gamma is ",
                           describe(gamma), " and x is ", describe(x)));
}

void refuse_unlike(absl::string_view op, const char* name, const Tensor& tensor,
                   const char* model_name, const Tensor& model) {
  throw Error(ErrorCode::kShape, op,
              absl::StrCat("the ", name, " must have the shape of ", model_name, "; it is ",
                           describe(tensor), " and ", model_name, " is ", describe(model)));
}

}  // namespace internal

void check_alpha(absl::string_view op, double alpha, const Tensor& x) {
  const bool in_f32 = contains(F32Floats{}, x.dtype());
  if (std::isfinite(in_f32 ? static_cast<float>(alpha) : alpha)) return;
  throw Error(ErrorCode::kValue, op,
              absl::StrCat("alpha must be finite", in_f32 ? " in f32" : "", "; it is ", alpha,
                           ", for ", describe(x)));
}

std::vector<int64_t> check_samples(absl::string_view op, const char* name, const Tensor& whole,
                                   absl::Span<const int64_t> index, const Tensor& part, Part kind) {
  const int64_t samples = whole.dim() < 2 ? 0 : whole.size(0);
  const int64_t wanted = kind == Part::kWhole ? samples : static_cast<int64_t>(index.size());
  const bool fits =
      whole.dim() >= 2 && part.dim() == whole.dim() && part.size(0) == wanted &&
      absl::MakeConstSpan(whole.shape()).subspan(1) == absl::MakeConstSpan(part.shape()).subspan(1);
  if (!fits) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("the ", name,
                             " and x must be [samples, ..., dim], of samples of one shape; the ",
                             name, " is ", describe(whole), ", and x ", describe(part),
                             ", which must have ", wanted, " for an index of ", index.size()));
  }
  require_one_device_and_dtype(op, whole, part);
  for (const int64_t sample : index) {
    if (sample < 0 || sample >= samples) {
      throw Error(
          ErrorCode::kShape, op,
          absl::StrCat("the index names sample ", sample, " of ", describe(whole),
                       samples == 0 ? std::string(", which has none; give an empty index")
                                    : absl::StrCat("; it must be from 0 to ", samples - 1)));
    }
  }
  std::vector<int64_t> sorted =
      with_op(op, [&] { return std::vector<int64_t>(index.begin(), index.end()); });
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    throw Error(ErrorCode::kAlias, op,
                absl::StrCat("the index names sample ", *twice, " of ", describe(whole),
                             " twice; name each once"));
  }
  return sorted;
}

}  // namespace hollow
