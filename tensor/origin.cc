#include "tensor/origin.h"

#include <cxxabi.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace hollow {

bool has_writer(const Origin* origin) {
  if (origin == nullptr) return false;
  return origin->kin == nullptr ? origin->writer != nullptr : origin->kin->has_writer(*origin);
}

RngKey key_of(const Origin& origin) {
  return origin.has_own_key ? origin.key : origin.key / origin.name;
}

Layout layout_of(const Origin& origin) { return {origin.shape, contiguous_strides(origin.shape)}; }

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

std::string declared_by(const Origin& origin) {
  std::string text = origin.declared_by == nullptr ? "a module" : class_name(*origin.declared_by);
  const size_t dot = origin.name.rfind('.');
  if (dot != absl::string_view::npos) {
    absl::StrAppend(&text, " \"", origin.name.substr(0, dot), "\"");
  }
  return text;
}

}  // namespace hollow
