// "Did you mean": the name that is the fewest edits away. Internal to nn/.
#ifndef HOLLOW_NN_NEAREST_NAME_H_
#define HOLLOW_NN_NEAREST_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hollow::nn {

// The first of those with the smallest Levenshtein distance to `name`; "" where even that is more
// than half of the longer one's length, and so no help.
std::string nearest_name(absl::string_view name, const std::vector<std::string>& names);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_NEAREST_NAME_H_
