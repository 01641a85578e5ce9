// A string as JSON writes it (RFC 8259), in quotes.
#ifndef HOLLOW_TENSOR_JSON_STRING_H_
#define HOLLOW_TENSOR_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hollow {

// Of any bytes: one that is no UTF-8, which JSON is, becomes the replacement character.
std::string json_string(absl::string_view text);

}  // namespace hollow

#endif  // HOLLOW_TENSOR_JSON_STRING_H_
