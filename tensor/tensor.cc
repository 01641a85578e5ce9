#include "tensor/tensor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/error.h"

namespace hollow {
namespace {

// The strides with which the elements of `from` are seen as `shape`, or nothing where no strides
// can do it. Both have the same number of elements, and at least one.
std::optional<Strides> reshaped_strides(const Layout& from, const Shape& shape) {
  struct Run {
    int64_t size;
    int64_t stride;
  };
  // Old dimensions that follow each other without a gap are one run; each new dimension takes its
  // size off the innermost run that is left.
  absl::InlinedVector<Run, 8> runs;
  for (size_t d = 0; d < from.shape.size(); ++d) {
    if (from.shape[d] == 1) continue;
    if (!runs.empty() && runs.back().stride == from.shape[d] * from.strides[d]) {
      runs.back() = {runs.back().size * from.shape[d], from.strides[d]};
    } else {
      runs.push_back({from.shape[d], from.strides[d]});
    }
  }
  Strides strides(shape.size());
  int64_t step = runs.empty() ? 1 : runs.back().stride;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = step;
    if (shape[d] == 1) continue;
    Run& run = runs.back();
    if (run.size % shape[d] != 0) return std::nullopt;
    step *= shape[d];
    run = {run.size / shape[d], step};
    if (run.size > 1) continue;
    runs.pop_back();
    if (!runs.empty()) step = runs.back().stride;
  }
  return strides;
}

}  // namespace

int64_t Tensor::size(int64_t dim) const { return shape()[own_dim("size", dim)]; }

int Tensor::own_dim(absl::string_view op, int64_t dim) const {
  return about({this}, [&] { return checked_dim(op, dim, shape()); });
}

void Tensor::set_requires_grad(bool requires_grad) const {
  if (requires_grad && !is_floating_point(dtype())) {
    throw Error(ErrorCode::kDType, "set_requires_grad",
                absl::StrCat(describe(*this), " has no gradients; only floating dtypes have"));
  }
  storage_->set_requires_grad(requires_grad);
}

std::string Tensor::name() const {
  const Origin* const origin = storage_->origin();
  return origin == nullptr ? "" : std::string(origin->name);
}

Tensor Tensor::reshape(Shape shape) const {
  return with_op("reshape", [&] {
    const auto counted = [this](const Shape& sizes) {
      return about({this}, [&] { return checked_numel("reshape", sizes); });
    };
    const Shape asked = shape;
    const auto inferred = std::find(shape.begin(), shape.end(), -1);
    if (inferred != shape.end()) {
      const bool alone = std::count(shape.begin(), shape.end(), -1) == 1;
      *inferred = 1;
      const int64_t rest = alone ? counted(shape) : 0;
      if (rest == 0 || numel() % rest != 0) {
        throw Error(ErrorCode::kShape, "reshape",
                    absl::StrCat("there is no size for -1 in ", to_string(asked),
                                 " that holds the ", numel(), " elements of ", describe(*this)));
      }
      *inferred = numel() / rest;
    }
    if (counted(shape) != numel()) {
      throw Error(ErrorCode::kShape, "reshape",
                  absl::StrCat(to_string(asked), " has not the ", numel(), " elements of ",
                               describe(*this)));
    }
    if (numel() == 0) {
      Strides strides = contiguous_strides(shape);
      return view({std::move(shape), std::move(strides), layout_.offset});
    }
    std::optional<Strides> strides = reshaped_strides(layout_, shape);
    if (!strides.has_value()) {
      require_written("reshape", *this);
      return contiguous().reshape(std::move(shape));
    }
    return view({std::move(shape), *std::move(strides), layout_.offset});
  });
}

Tensor Tensor::transpose(int64_t dim0, int64_t dim1) const {
  return with_op("transpose", [&] {
    const int a = own_dim("transpose", dim0);
    const int b = own_dim("transpose", dim1);
    Layout layout = layout_;
    std::swap(layout.shape[a], layout.shape[b]);
    std::swap(layout.strides[a], layout.strides[b]);
    return view(std::move(layout));
  });
}

Tensor Tensor::permute(const Shape& dims) const {
  return with_op("permute", [&] {
    Layout layout = layout_;
    Shape seen(dims.size(), 0);
    bool fits = dims.size() == shape().size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      const int from = own_dim("permute", dims[i]);
      fits = seen[from]++ == 0;
      layout.shape[i] = shape()[from];
      layout.strides[i] = strides()[from];
    }
    if (!fits) {
      throw Error(ErrorCode::kShape, "permute",
                  absl::StrCat(to_string(dims), " does not name every dimension of ",
                               describe(*this), " once"));
    }
    return view(std::move(layout));
  });
}

Tensor Tensor::narrow(int64_t dim, int64_t start, int64_t length) const {
  return with_op("narrow", [&] {
    const int d = own_dim("narrow", dim);
    if (start < 0 || length < 0 || start > shape()[d] || length > shape()[d] - start) {
      throw Error(ErrorCode::kShape, "narrow",
                  absl::StrCat("start ", start, " and length ", length, " do not lie within the ",
                               shape()[d], " of dimension ", d, " of ", describe(*this)));
    }
    Layout layout = layout_;
    layout.shape[d] = length;
    layout.offset += start * layout.strides[d];
    return view(std::move(layout));
  });
}

Tensor Tensor::select(int64_t dim, int64_t index) const {
  return with_op("select", [&] {
    const int d = own_dim("select", dim);
    const int64_t size = shape()[d];
    if (index < -size || index >= size) {
      throw Error(ErrorCode::kShape, "select",
                  absl::StrCat("index ", index, " is not one of the ", size, " of dimension ", d,
                               " of ", describe(*this)));
    }
    Layout layout = layout_;
    layout.offset += (index < 0 ? index + size : index) * layout.strides[d];
    layout.shape.erase(layout.shape.begin() + d);
    layout.strides.erase(layout.strides.begin() + d);
    return view(std::move(layout));
  });
}

Tensor Tensor::expand(const Shape& shape) const {
  return with_op("expand", [&] {
    return view(about({this}, [&] { return expanded("expand", layout_, shape); }));
  });
}

void* Tensor::data_at(absl::string_view op, DType dtype) const {
  if (dtype != this->dtype()) {
    throw Error(ErrorCode::kDType, op,
                absl::StrCat(describe(*this), " is not of ", to_string(dtype),
                             "; ask for its own type, or convert with to(dtype)"));
  }
  require_values(op, *this);
  return raw_data();
}

void* Tensor::mutable_data_at(OpName op, DType dtype) const {
  require_writable(op, *this);
  void* const data = data_at(op, dtype);
  storage_->mark_written(op, layout_);
  return data;
}

}  // namespace hollow
