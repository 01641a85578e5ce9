#include "tensor/writer.h"

#include "absl/strings/str_cat.h"
#include "tensor/device.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow {

void internal::write_cut(const Tensor& part, const Shard& shard,
                         absl::FunctionRef<void(const Tensor& whole)> write) {
  const Device device = part.is_meta() ? Device::meta() : Device::cpu();
  const DeviceScope beside_it(device);  // for what the writer makes on the way
  const Tensor whole = empty("Writer", shard.whole, {.dtype = part.dtype(), .device = device});
  write(whole);
  if (!whole.is_meta() && !whole.is_initialized()) {
    throw Error(ErrorCode::kWriter, "Writer",
                absl::StrCat("it left ", whole.storage()->unwritten(whole.layout()).count(), " of ",
                             whole.numel(), " elements unwritten of the whole that ",
                             to_string(shard), " is cut from; a writer must write all of it"));
  }
  part.copy_(Tensor(whole.storage(), layout_in_whole(shard)));
}

void Writer::require_function() const {
  if (fill_ != nullptr) return;
  throw Error(ErrorCode::kWriter, "Writer",
              "it is empty; give it a function of (tensor, key), or one of nn/init.h");
}

void Writer::operator()(const Tensor& tensor, RngKey key) const {
  require_function();
  fill_(tensor, key, nullptr);
}

void Writer::operator()(const Tensor& tensor, RngKey key, const Shard& shard) const {
  require_function();
  check_shard("Writer", shard, tensor.shape());
  fill_(tensor, key, &shard);
}

}  // namespace hollow
