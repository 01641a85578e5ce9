#include "tensor/writer.h"

#include "tensor/empty.h"
#include "tensor/shard.h"
#include "tensor/tensor.h"

namespace hollow {

void internal::write_cut(const Tensor& part, const Shard& shard,
                         absl::FunctionRef<void(const Tensor& whole)> write) {
  const Tensor whole = empty("write_cut", shard.whole, like(part));
  write(whole);
  part.copy_(Tensor(whole.storage(), layout_in_whole(shard)));
}

void Writer::operator()(const Tensor& tensor, RngKey key, const Shard& shard) const {
  check_shard("Writer", shard, tensor.shape());
  fill_(tensor, key, &shard);
}

}  // namespace hollow
