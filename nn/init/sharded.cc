#include "nn/init/sharded.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nn/init/shards.h"
#include "tensor/describe.h"
#include "tensor/error.h"

namespace hollow::nn::init {
namespace {

constexpr absl::string_view kOp = "init::sharded";

}  // namespace

Writer sharded(Shard shard, Writer writer) {
  check_shard(kOp, shard, shard.shape);
  if (writer == nullptr) {
    throw Error(ErrorCode::kWriter, kOp,
                absl::StrCat("the writer of the whole is empty, of which the slot is to be ",
                             to_string(shard), "; give one, as init::normal()"));
  }
  return [shard = std::move(shard), writer = std::move(writer)](const Tensor& tensor, RngKey key,
                                                                const Shard* part) {
    const Shard box = box_of(kOp, tensor, part);
    if (box.whole != shard.shape) {
      throw Error(ErrorCode::kShape, kOp,
                  absl::StrCat("the slot is to be ", to_string(shard), ", and it is ",
                               part == nullptr ? describe(tensor) : to_string(box)));
    }
    Shard within = {.whole = shard.whole, .offset = shard.offset, .shape = box.shape};
    for (size_t d = 0; d < box.offset.size(); ++d) within.offset[d] += box.offset[d];
    writer(tensor, key, within);
  };
}

}  // namespace hollow::nn::init
