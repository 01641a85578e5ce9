// A storage that a module declared, with what is known of those alone. For the sources of Storage.
#ifndef HOLLOW_TENSOR_STORAGE_SLOT_H_
#define HOLLOW_TENSOR_STORAGE_SLOT_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "tensor/element_set.h"
#include "tensor/overwrites.h"
#include "tensor/storage.h"
#include "tensor/write_log.h"

namespace hollow {

struct Storage::Slot : Storage {
  Slot(Device device, DType dtype, int64_t numel, Origin&& born);
  ~Slot();

  Origin origin;
  WriteLog log;
  Overwrites overwrites;
  std::atomic<uint64_t> changed_at{0};
  std::atomic<uint64_t> computed_at{0};
  std::unique_ptr<ElementSet> written;  // in state partial
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_STORAGE_SLOT_H_
