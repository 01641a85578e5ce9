#include "tensor/json_string.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace hollow {
namespace {

// Of the UTF-8 character that the text begins with (RFC 3629); 0 where it begins with none.
size_t bytes_of_character(absl::string_view text) {
  const auto is_from_to = [&](size_t at, int low, int high) {
    if (at >= text.size()) return false;
    const int byte = static_cast<unsigned char>(text[at]);
    return low <= byte && byte <= high;
  };
  const auto follow = [&](size_t count, int low, int high) {
    bool all = is_from_to(1, low, high);
    for (size_t at = 2; at <= count; ++at) all = all && is_from_to(at, 0x80, 0xbf);
    return all ? count + 1 : 0;
  };
  if (is_from_to(0, 0x00, 0x7f)) return 1;
  if (is_from_to(0, 0xc2, 0xdf)) return follow(1, 0x80, 0xbf);
  // Neither more bytes than are needed, nor half of a pair, nor above the last character.
  if (is_from_to(0, 0xe0, 0xe0)) return follow(2, 0xa0, 0xbf);
  if (is_from_to(0, 0xed, 0xed)) return follow(2, 0x80, 0x9f);
  if (is_from_to(0, 0xe1, 0xef)) return follow(2, 0x80, 0xbf);
  if (is_from_to(0, 0xf0, 0xf0)) return follow(3, 0x90, 0xbf);
  if (is_from_to(0, 0xf4, 0xf4)) return follow(3, 0x80, 0x8f);
  if (is_from_to(0, 0xf1, 0xf3)) return follow(3, 0x80, 0xbf);
  return 0;
}

}  // namespace

std::string json_string(absl::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const size_t bytes = bytes_of_character(text);
    const absl::string_view character = text.substr(0, std::max(bytes, size_t{1}));
    text.remove_prefix(character.size());
    if (bytes == 0) {
      result += "\\ufffd";
    } else if (character == "\"" || character == "\\") {
      absl::StrAppend(&result, "\\", character);
    } else if (static_cast<unsigned char>(character[0]) < 0x20) {
      absl::StrAppend(&result, "\\u", absl::Hex(character[0], absl::kZeroPad4));
    } else {
      absl::StrAppend(&result, character);
    }
  }
  return result + '"';
}

}  // namespace hollow
