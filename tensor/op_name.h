// The name of an op: a literal, so that who keeps it need not copy it, and tells it from another in
// a moment. It must not be unloaded while tensors live that were written under it.
//
//   void scale_(OpName op, const Tensor& x);
//   scale_("scale_", x);
#ifndef HOLLOW_TENSOR_OP_NAME_H_
#define HOLLOW_TENSOR_OP_NAME_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace hollow {

class OpName {
 public:
  // Does not compile for an array that may change, or that does not end as a literal does.
  template <size_t kSize>
  consteval OpName(const char (&literal)[kSize]) : text_(literal, kSize - 1) {
    if (literal[kSize - 1] != '\0') throw "no literal";
  }

  constexpr absl::string_view text() const { return text_; }
  constexpr operator absl::string_view() const { return text_; }

  // As a rule by the address: one name may be a literal of two places of a program.
  friend constexpr bool operator==(OpName a, OpName b) {
    return a.is_same_literal(b) || a.text_ == b.text_;
  }
  // Of one place, or merged by the linker; two names may be equal and not this.
  constexpr bool is_same_literal(OpName other) const {
    return text_.size() == other.text_.size() && text_.data() == other.text_.data();
  }

 private:
  absl::string_view text_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_OP_NAME_H_
