#include "tensor/write_scope.h"

#include "tensor/storage.h"
#include "tensor/timeline.h"

namespace hollow {

constinit thread_local const WriteScope* WriteScope::innermost_ = nullptr;

WriteScope::WriteScope(Storage& storage, Author author, OpName op)
    : storage_(storage),
      author_(author),
      op_(op),
      begin_ns_(Timeline::is_recording() ? Timeline::now_ns() : -1),
      outer_(innermost_) {
  innermost_ = this;
}

WriteScope::~WriteScope() { innermost_ = outer_; }

bool WriteScope::any_covers(const Storage& storage, std::optional<Author> author) const {
  for (const WriteScope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (&scope->storage_ == &storage && scope->author_ == author.value_or(scope->author_)) {
      return true;
    }
  }
  return false;
}

void WriteScope::finish(const Layout& layout, bool pristine) {
  storage_.restore(layout);
  storage_.finish_writing(author_, op_, layout.numel(), pristine, begin_ns_);
}

void WriteScope::finish(const Ranges& ranges) {
  for (const Range& range : ranges.ranges()) {
    storage_.restore({{range.end - range.begin}, {1}, range.begin});
  }
  storage_.finish_writing(author_, op_, ranges.count(), /*pristine=*/false, begin_ns_);
}

}  // namespace hollow
