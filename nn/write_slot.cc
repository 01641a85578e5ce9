#include "nn/write_slot.h"

#include <algorithm>
#include <exception>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensor/claim.h"
#include "tensor/describe.h"
#include "tensor/device.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/shard.h"
#include "tensor/write_scope.h"

namespace hollow::nn {
namespace {

// On the tensor, which is what the slot of that origin declared, a twin of it, or a shard of it.
void run_writer(OpName op, const Writer& writer, const Origin& origin, const Tensor& tensor,
                const Shard* shard = nullptr) {
  const auto failed = [&](ErrorCode code, absl::string_view what) {
    // Nothing of what it has written so far may pass for a value that somebody wanted.
    tensor.storage()->mark_unwritten();
    return Error(code, op, absl::StrCat("the writer of \"", origin.name, "\" failed: ", what));
  };
  const DeviceScope beside_it(tensor.device());  // for what the writer makes on the way
  try {
    const RngKey key = tensor.is_meta() ? origin.key : key_of(origin);
    if (shard == nullptr) {
      writer(tensor, key);
    } else {
      writer(tensor, key, *shard);
    }
  } catch (const Error& error) {
    throw failed(error.code(), error.what());
  } catch (const std::bad_alloc& exception) {
    throw failed(ErrorCode::kOutOfMemory, exception.what());
  } catch (const std::exception& exception) {
    throw failed(ErrorCode::kWriter, exception.what());
  } catch (...) {
    throw failed(ErrorCode::kWriter, "it threw something that is no std::exception");
  }
  if (tensor.is_meta() || tensor.is_initialized()) return;
  throw Error(
      ErrorCode::kWriter, op,
      absl::StrCat("the writer of \"", origin.name, "\" left ",
                   tensor.storage()->unwritten(tensor.layout()).count(), " elements unwritten of ",
                   describe(tensor), "; a writer must write all of its slot"));
}

// A tensor of the slot's name, key and shape, and of no slot.
Tensor twin_of(OpName op, const Storage& storage, const TensorOptions& options) {
  const Origin& origin = *storage.origin();
  return empty_slot(op,
                    {.name = origin.name,
                     .key = key_of(origin),
                     .writer = nullptr,
                     .shape = origin.shape,
                     .kin = origin.kin,
                     .declared_by = origin.declared_by,
                     .has_own_key = true},
                    options);
}

void write_all(OpName op, const Tensor& tensor) {
  Storage& storage = *tensor.storage();
  storage.mark_unwritten();
  WriteScope scope(storage, Author::kWriter, op);
  run_writer(op, Writer(storage.origin()->writer), *storage.origin(), tensor);
  scope.finish(tensor.layout(), /*pristine=*/true);
}

void write_missing(OpName op, const Tensor& tensor) {
  const std::shared_ptr<Storage>& storage = tensor.storage();
  const Tensor twin = twin_of(op, *storage, like(tensor));
  run_writer(op, Writer(storage->origin()->writer), *storage->origin(), twin);
  WriteScope scope(*storage, Author::kWriter, op);
  const Ranges missing = storage->unwritten(tensor.layout());
  for (const Range& range : missing.ranges()) {
    const Layout part = {{range.end - range.begin}, {1}, range.begin};
    Tensor(storage, part).copy_(Tensor(twin.storage(), part));
  }
  scope.finish(missing);
}

// Whether a writer read what lies on another device than what it writes, as meta is one.
bool is_elsewhere(const Error& error) {
  return error.code() == ErrorCode::kMeta || error.code() == ErrorCode::kDevice;
}

}  // namespace

bool is_of_what_it_reads(const Error& error) {
  return is_elsewhere(error) || error.code() == ErrorCode::kUninitialized;
}

Tensor declared(const std::shared_ptr<Storage>& storage) {
  return Tensor(storage, layout_of(*storage->origin()));
}

std::string describe_all(const std::vector<Tensor>& tensors) {
  return absl::StrJoin(tensors, "; ", [](std::string* out, const Tensor& tensor) {
    absl::StrAppend(out, describe(tensor));
  });
}

void try_writer(OpName op, const Storage& storage, const Writer& writer) {
  const Tensor twin = twin_of(op, storage, {.dtype = storage.dtype(), .device = Device::meta()});
  try {
    run_writer(op, writer, *storage.origin(), twin);
  } catch (const Error& error) {
    // Beside a real slot it may read what is real as well, and no op takes that with a meta twin;
    // one that is computed waits for what has no values yet.
    const bool waits = storage.origin()->computed && is_of_what_it_reads(error);
    if (!waits && (storage.state() == State::kMeta || !is_elsewhere(error))) throw;
  }
}

bool has_gaps(const Storage& storage, Fill fill) {
  const StorageWord word = storage.word();
  if (word.state() == State::kMeta) return false;
  return (fill == Fill::kAll && !word.sealed()) || word.state() != State::kInitialized;
}

void write_slot(OpName op, const Tensor& tensor, Fill fill) {
  Storage& storage = *tensor.storage();
  if (storage.state() == State::kMeta) {
    // A copy of the writer, since on meta it may replace itself.
    const Origin& origin = *storage.origin();
    return run_writer(op, Writer(origin.writer), origin, tensor);
  }
  const Claim claim(op, storage);
  if (!has_gaps(storage, fill)) return;
  const bool keeps = fill == Fill::kMissing || storage.sealed();
  if (keeps && storage.state() == State::kPartial) return write_missing(op, tensor);
  write_all(op, tensor);
}

void write_shard(OpName op, const Storage& storage, const Tensor& part, const Shard& shard) {
  run_writer(op, Writer(storage.origin()->writer), *storage.origin(), part, &shard);
}

void rethrow_with_unfinished(const Error& error, const Storages& storages, absl::string_view mend) {
  std::vector<Tensor> left;
  for (const std::shared_ptr<Storage>& each : storages) {
    if (each->state() != State::kInitialized) left.push_back(declared(each));
  }
  const std::string whole_mend =
      mend == kMaterializes ? mend_of_missing(left, mend) : std::string(mend);
  throw Error(error.code(), error.op(),
              absl::StrCat(error.message(), ". Unfinished: ",
                           left.empty() ? "nothing"
                                        : absl::StrCat(describe_all(left), "; ", whole_mend,
                                                       ", once the cause is mended")));
}

std::string mend_of_missing(const std::vector<Tensor>& missing, absl::string_view mend) {
  std::vector<Tensor> without;
  for (const Tensor& each : missing) {
    if (each.storage()->origin()->writer == nullptr) without.push_back(each);
  }
  if (without.empty()) return std::string(mend);
  return absl::StrCat(mend,
                      ", once these, which have no writer, have got one with set_writer(), or "
                      "are loaded: ",
                      describe_all(without));
}

void require_writers(absl::string_view op, absl::string_view whose, const Storages& storages,
                     Fill fill) {
  std::vector<Tensor> without;
  for (const std::shared_ptr<Storage>& storage : storages) {
    const bool needs = storage->state() == State::kMeta || has_gaps(*storage, fill);
    if (needs && storage->origin()->writer == nullptr) without.push_back(declared(storage));
  }
  if (without.empty()) return;
  throw Error(
      ErrorCode::kWriter, op,
      absl::StrCat("in ", whose, " these slots have no writer: ", describe_all(without),
                   "; give one to add_parameter, add_buffer or set_writer(), or write them with "
                   "to_empty(device) and copy_()"));
}

}  // namespace hollow::nn
