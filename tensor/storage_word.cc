#include "tensor/storage_word.h"

namespace hollow {

absl::string_view to_string(State state) {
  switch (state) {
    case State::kMeta:
      return "meta";
    case State::kAllocated:
      return "allocated";
    case State::kPartial:
      return "partial";
    case State::kInitialized:
      return "initialized";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, State state) { return out << to_string(state); }

}  // namespace hollow
