// Running a slot's writer. Internal to nn/.
#ifndef HOLLOW_NN_WRITE_SLOT_H_
#define HOLLOW_NN_WRITE_SLOT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/placement.h"
#include "tensor/shard.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace hollow::nn {

enum class Fill {
  kAll,      // what was there is not a value any more, unless it is sealed
  kMissing,  // only what was never written
};

// Runs a slot's writer on the tensor that the slot declared, with the key of its name. Where
// nothing is to be kept, what was there counts as unwritten from the start, so that a writer that
// fails, or leaves elements out, leaves no value that could be taken for its own. Where something
// is, the writer fills a twin, of which the missing elements are taken.
//
// Throws Error(kWriter) if the writer leaves elements out, and what it throws itself, with the name
// of the slot. There must be a writer, unless there is nothing to write. On meta the writer checks
// and writes nothing. Threads that write one slot wait for each other.
void write_slot(OpName op, const Tensor& tensor, Fill fill);

// Runs it on a tensor of its own, which is to be that shard of the slot's. Throws what write_slot
// throws, and the slot stays as it is.
void write_shard(OpName op, const Storage& storage, const Tensor& part, const Shard& shard);

// Throws what the writer throws for this slot's shape and dtype, by letting it write to a twin on
// meta: nothing where the slot is real and the writer reads what is real too, which only writing
// can tell.
void try_writer(OpName op, const Storage& storage, const Writer& writer);

// What completes a tree that a writer left unfinished.
inline constexpr absl::string_view kMaterializes = "materialize(module, device) completes them";

[[noreturn]] void rethrow_with_unfinished(const Error& error, const Storages& storages,
                                          absl::string_view mend);

// Calls write(); an Error that leaves it, as which memory that ends is one, also lists which of the
// storages are unfinished, and says what completes them.
template <typename Write>
void listing_unfinished(absl::string_view op, const Storages& storages, absl::string_view mend,
                        Write write) {
  try {
    with_op(op, write);
  } catch (const Error& error) {
    rethrow_with_unfinished(error, storages, mend);
  }
}

// Whether a writer was ended by what it reads, which has no values, or lies elsewhere, as on meta.
bool is_of_what_it_reads(const Error& error);

// Whether write_slot would write anything.
bool has_gaps(const Storage& storage, Fill fill);

// Throws Error(kWriter) with every storage that has_gaps and has no writer. `whose` is for the
// error.
void require_writers(absl::string_view op, absl::string_view whose, const Storages& storages,
                     Fill fill);

// The mend, which has writers write what is missing, and what that takes.
std::string mend_of_missing(const std::vector<Tensor>& missing, absl::string_view mend);

// The tensor that the slot declared.
Tensor declared(const std::shared_ptr<Storage>& storage);

// "a"; "b" ...: each as describe() has it.
std::string describe_all(const std::vector<Tensor>& tensors);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_WRITE_SLOT_H_
