#include "nn/materialize.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "nn/computed.h"
#include "nn/write_slot.h"
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

void materialize_all(const Storages& storages, absl::string_view whose, Device device) {
  require_writers(kOp, whose, storages, Fill::kMissing);
  to_empty(kOp, storages, device);
  listing_unfinished(kOp, storages, kMaterializes, [&] {
    outdate_older(kOp, storages);
    write_slots(kOp, storages, Fill::kMissing, Waits::kNo);
  });
}

}  // namespace

void materialize(Module& module, Device device, Recurse recurse) {
  with_op(kOp, [&] { materialize_all(module.storages(recurse), module.title(), device); });
}

void materialize(const Tensor& tensor, Device device) {
  const Origin& origin = origin_of(
      kOp, tensor,
      tensor.is_initialized()
          ? "but it has its values; to(device) copies it there"
          : "give it memory with to_empty(tensor, device), then values with copy_() or fill_()");
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
