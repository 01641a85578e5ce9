// A second module with all that the first one has, in memory of its own.
//
//   auto teacher = deep_copy(*student, [&] { return std::make_unique<Vit>(options); });
//
// C++ cannot rebuild an object of a class that it does not know, so the caller gives the factory
// that built the first. It runs on meta, under the source's key, so it costs no memory; then each
// storage becomes a copy of its counterpart: what is on meta stays there and will materialize to
// the same values, what is real is copied, with what is known of it (which elements were written,
// by whom, whether they are sealed). Ties, writers given later and generations follow; such a
// writer is copied, so it must not refer to the source. Tensors that are no slots stay on meta, as
// the factory made them.
#ifndef HOLLOW_NN_DEEP_COPY_H_
#define HOLLOW_NN_DEEP_COPY_H_

#include <memory>

#include "nn/module.h"
#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/rng_key.h"

namespace hollow::nn {

// Makes `twin`, which nobody uses yet, a copy of `source`. Throws Error(kKey), with what differs,
// where its slots are not the same; after an Error it is good for nothing but to be dropped.
void copy_into_twin(const Module& source, Module& twin);

// Throws what the factory throws, Error(kValue) where it gives null, Error(kKey) where it builds
// something else, and Error(kOutOfMemory). `source` is not changed.
template <typename Factory>
auto deep_copy(const Module& source, Factory factory) {
  auto twin = [&] {
    const DeviceScope device(Device::meta());
    const RngScope key(source.rng_key());
    return factory();
  }();
  if (twin == nullptr) throw Error(ErrorCode::kValue, "deep_copy", "the factory gave null");
  copy_into_twin(source, *twin);
  return twin;
}

}  // namespace hollow::nn

#endif  // HOLLOW_NN_DEEP_COPY_H_
