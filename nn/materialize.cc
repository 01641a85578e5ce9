#include "nn/materialize.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "nn/write_slot.h"
#include "tensor/claim.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

constexpr OpName kOp = "materialize";

const Origin& origin_of(absl::string_view op, const Tensor& tensor, absl::string_view mend) {
  const Origin* const origin = tensor.storage()->origin();
  if (origin != nullptr) return *origin;
  throw Error(
      ErrorCode::kKey, op,
      absl::StrCat(describe(tensor), " was declared by no module, so it has no writer; ", mend));
}

// Where anything is missing: takes their values from the buffers that were computed before
// something else lost its own, and may have got others, or be about to. What never had values could
// not be read, so it outdates nothing; nor does anything what another thread has computed just now.
void outdate_computed(const Storages& storages) {
  const bool complete = std::all_of(storages.begin(), storages.end(), [](const auto& storage) {
    return storage->state() == State::kInitialized;
  });
  if (complete) return;
  uint64_t lost = 0;
  for (const std::shared_ptr<Storage>& storage : storages) {
    if (!storage->origin()->computed) lost = std::max(lost, storage->turned_at());
  }
  for (const std::shared_ptr<Storage>& storage : storages) {
    const Origin& origin = *storage->origin();
    if (!origin.computed || origin.writer == nullptr || storage->turned_at() >= lost) continue;
    const Claim claim(kOp, *storage);
    if (storage->turned_at() < lost) storage->mark_unwritten();
  }
}

void materialize_all(const Storages& storages, absl::string_view whose, Device device) {
  require_writers(kOp, whose, storages, Fill::kMissing);
  to_empty(kOp, storages, device);
  outdate_computed(storages);
  write_slots(kOp, storages, Fill::kMissing);
}

}  // namespace

void materialize(Module& module, Device device, Recurse recurse) {
  with_op(kOp, [&] { materialize_all(module.storages(recurse), module.title(), device); });
}

void materialize(const Tensor& tensor, Device device) {
  const Origin& origin = origin_of(kOp, tensor,
                                   "give it memory with to_empty(tensor, device), then values "
                                   "with copy_() or fill_()");
  with_op(kOp, [&] { materialize_all({tensor.storage()}, declared_by(origin), device); });
}

Tensor materialize_shard(const Tensor& slot, const Shard& shard, Device device) {
  constexpr OpName kOpOfShard = "materialize_shard";
  const Origin& origin = origin_of(
      kOpOfShard, slot, "an initializer of nn/init.h fills a shard of it, under a key of your own");
  if (!slot.layout().is_equivalent(layout_of(origin))) {
    throw Error(ErrorCode::kShape, kOpOfShard,
                absl::StrCat(describe(slot),
                             " is not all of the slot in its own order; give the tensor that the "
                             "module declared, and the shard of that"));
  }
  if (shard.whole != slot.shape()) {
    throw Error(ErrorCode::kShape, kOpOfShard,
                absl::StrCat("the shard ", to_string(shard), " is none of ", describe(slot),
                             "; chunk(slot.shape(), dim, index, count) makes one"));
  }
  check_shard(kOpOfShard, shard, shard.shape);
  if (device.is_meta()) {
    throw Error(ErrorCode::kMeta, kOpOfShard,
                absl::StrCat("meta has no memory for a shard of ", describe(slot),
                             "; empty(shard.shape, {.device = Device::meta()}) describes it"));
  }
  if (origin.writer == nullptr) {
    throw Error(ErrorCode::kWriter, kOpOfShard,
                absl::StrCat(describe(slot), ", declared by ", declared_by(origin),
                             ", has no writer; give it one with set_writer()"));
  }
  return with_op(kOpOfShard, [&] {
    Tensor part = about({&slot}, [&] {
      return empty(
          kOpOfShard, shard.shape,
          {.dtype = slot.dtype(), .device = device, .requires_grad = slot.requires_grad()});
    });
    write_shard(kOpOfShard, *slot.storage(), part, shard);
    return part;
  });
}

}  // namespace hollow::nn
