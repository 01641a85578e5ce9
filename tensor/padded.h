// Columns of text. absl::StrFormat would make them too, but it is noexcept and allocates: where
// memory ends it ends the process, so that tensor/ and nn/ do without it.
#ifndef HOLLOW_TENSOR_PADDED_H_
#define HOLLOW_TENSOR_PADDED_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hollow {

// The text, and spaces behind it up to that width.
inline std::string padded(absl::string_view text, size_t width) {
  std::string result(text);
  if (result.size() < width) result.append(width - result.size(), ' ');
  return result;
}

}  // namespace hollow

#endif  // HOLLOW_TENSOR_PADDED_H_
