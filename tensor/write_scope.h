// Whose work a write is.
//
//   WriteScope scope(*storage, Author::kWriter, "reset_parameters");
//   writer(tensor, key);                         // ops, as many as it takes
//   scope.finish(tensor.layout(), /*pristine=*/true);
#ifndef HOLLOW_TENSOR_WRITE_SCOPE_H_
#define HOLLOW_TENSOR_WRITE_SCOPE_H_

#include <cstdint>
#include <optional>

#include "tensor/op_name.h"
#include "tensor/ranges.h"
#include "tensor/shape.h"
#include "tensor/write_log.h"

namespace hollow {

class Storage;

// While one lives, what this thread's ops write to the storage is the author's work: it is noted
// once, by finish(), and not op by op. A storage that its writer fills is partial until then, so
// that nobody takes what is still written for what is there. Scopes nest.
class WriteScope {
 public:
  // `op` is what the user called.
  WriteScope(Storage& storage, Author author, OpName op);
  ~WriteScope();
  WriteScope(const WriteScope&) = delete;
  WriteScope& operator=(const WriteScope&) = delete;

  // The author has written the elements of the layout; `pristine` where it is the slot's writer and
  // that is all that there is. Others see the values, and that they are pristine, at once.
  void finish(const Layout& layout, bool pristine = false);
  void finish(const Ranges& ranges);

 private:
  friend class Storage;
  // By any author, where none is given.
  static bool covers(const Storage& storage, std::optional<Author> author = std::nullopt) {
    return innermost_ != nullptr && innermost_->any_covers(storage, author);
  }
  bool any_covers(const Storage& storage, std::optional<Author> author) const;

  static constinit thread_local const WriteScope* innermost_;

  Storage& storage_;
  const Author author_;
  const OpName op_;
  const int64_t begin_ns_;
  const WriteScope* const outer_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_WRITE_SCOPE_H_
