#include "tensor/shape.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/strided.h"
#include "tensor/error.h"

namespace hollow {
namespace {

constexpr int64_t kMaxNumel = std::numeric_limits<int64_t>::max() / 8;

[[noreturn]] void refuse(absl::string_view op, absl::Span<const int64_t> shape) {
  std::string why;
  if (shape.size() > kernels::kMaxRank) {
    why = absl::StrCat(" has ", shape.size(), " dimensions; a tensor has at most ",
                       kernels::kMaxRank);
  } else if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; })) {
    why = " has a negative size";
  } else {
    why = absl::StrCat(" spans more than ", kMaxNumel,
                       " elements, which is the most that can be addressed");
  }
  throw Error(ErrorCode::kShape, op, absl::StrCat("shape ", to_string(shape), why));
}

}  // namespace

std::string to_string(absl::Span<const int64_t> sizes) {
  return absl::StrCat("[", absl::StrJoin(sizes, ", "), "]");
}

int64_t checked_numel(absl::string_view op, absl::Span<const int64_t> shape) {
  bool empty = false;
  int64_t span = 1;  // what the strides reach: a size of 0 does not make the others small
  for (const int64_t size : shape) {
    if (size > 0 && !__builtin_mul_overflow(span, size, &span)) continue;
    if (size != 0) refuse(op, shape);
    empty = true;
  }
  if (span > kMaxNumel || shape.size() > kernels::kMaxRank) refuse(op, shape);
  return empty ? 0 : span;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  int64_t stride = 1;
  int64_t* const values = strides.data();
  for (size_t d = strides.size(); d-- > 0;) {
    const int64_t size = values[d];
    values[d] = stride;
    stride *= std::max<int64_t>(1, size);
  }
  return strides;
}

bool Layout::is_dense_in_some_order() const {
  absl::InlinedVector<std::pair<int64_t, int64_t>, 8> dims;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] != 1) dims.emplace_back(strides[d], shape[d]);
  }
  std::sort(dims.begin(), dims.end());
  int64_t expected = 1;
  for (const auto& [stride, size] : dims) {
    if (stride != expected) return false;
    expected *= size;
  }
  return true;
}

bool Layout::is_equivalent(const Layout& other) const {
  if (shape != other.shape || offset != other.offset) return false;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] > 1 && strides[d] != other.strides[d]) return false;
  }
  return true;
}

int checked_dim(absl::string_view op, int64_t dim, absl::Span<const int64_t> shape) {
  const int64_t rank = static_cast<int64_t>(shape.size());
  if (dim < -rank || dim >= rank) {
    throw Error(ErrorCode::kShape, op,
                absl::StrCat("dimension ", dim, " does not exist in shape ", to_string(shape),
                             rank == 0 ? ", which has none"
                                       : absl::StrCat("; it is from ", -rank, " to ", rank - 1)));
  }
  return static_cast<int>(dim < 0 ? dim + rank : dim);
}

Shape broadcast_shapes(absl::string_view op, absl::Span<const int64_t> a,
                       absl::Span<const int64_t> b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t i = 1; i <= result.size(); ++i) {
    const int64_t from_a = i <= a.size() ? a[a.size() - i] : 1;
    const int64_t from_b = i <= b.size() ? b[b.size() - i] : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      throw Error(
          ErrorCode::kShape, op,
          absl::StrCat("shapes ", to_string(a), " and ", to_string(b), " do not broadcast: sizes ",
                       from_a, " and ", from_b, " at dimension ", -static_cast<int64_t>(i),
                       " differ and neither is 1"));
    }
    result[result.size() - i] = from_a == 1 ? from_b : from_a;
  }
  return result;
}

Layout expanded(absl::string_view op, const Layout& layout, absl::Span<const int64_t> shape) {
  checked_numel(op, shape);
  const size_t old_rank = layout.shape.size();
  Layout result{Shape(shape.begin(), shape.end()), Strides(shape.size(), 0), layout.offset};
  bool fits = old_rank <= shape.size();
  for (size_t i = 1; fits && i <= old_rank; ++i) {
    const int64_t size = layout.shape[old_rank - i];
    const int64_t wanted = shape[shape.size() - i];
    fits = size == wanted || size == 1;
    if (size == wanted) result.strides[shape.size() - i] = layout.strides[old_rank - i];
  }
  if (!fits) {
    throw Error(
        ErrorCode::kShape, op,
        absl::StrCat("shape ", to_string(layout.shape), " does not expand to ", to_string(shape),
                     "; only a size of 1 or a missing dimension stretches"));
  }
  return result;
}

}  // namespace hollow
