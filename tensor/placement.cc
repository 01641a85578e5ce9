#include "tensor/placement.h"

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/elementwise.h"
#include "kernels/memory.h"
#include "tensor/describe.h"
#include "tensor/dtype_visit.h"
#include "tensor/error.h"
#include "tensor/place.h"
#include "tensor/stream.h"

namespace hollow {
namespace {

std::mutex& placing() {
  static std::mutex mutex;
  return mutex;
}

// What a storage will have once the plan commits.
struct Step {
  Storage* storage;
  Memory memory;
  Device device;
  DType dtype;
};

void commit(absl::string_view op, std::vector<Step>& steps) noexcept {
  for (Step& step : steps) {
    step.memory = step.storage->replace(op, std::move(step.memory), step.device, step.dtype);
  }
}

Layout whole(const Storage& storage) { return {{storage.numel()}, {1}, 0}; }

std::string subject(const std::shared_ptr<Storage>& storage, int64_t bytes) {
  const Origin* const origin = storage->origin();
  return absl::StrCat(
      describe(Tensor(storage, origin != nullptr ? layout_of(*origin) : whole(*storage))),
      " needs ", bytes, " bytes; nothing was changed");
}

Ranges written(const Storage& storage) {
  return Ranges(0, storage.numel()).minus(storage.unwritten(whole(storage)));
}

void copy_to(Step& step, absl::string_view op) {
  const Device from = step.storage->device();
  if (written(*step.storage).empty()) return;
  const StreamOrder order(op, from, {step.storage});
  visit_place(step.device, step.memory.stream(), [&](auto to_place) {
    visit_place(from, current_stream(from), [&](auto from_place) {
      kernels::copy(to_place, step.memory.mutable_data(), from_place, step.storage->data(),
                    static_cast<size_t>(step.storage->nbytes()));
    });
  });
}

void cast_to(Step& step, absl::string_view op) {
  const Storage& storage = *step.storage;
  const Device device = storage.device();
  const Ranges values = written(storage);
  if (values.empty()) return;
  const StreamOrder order(op, device, {step.storage});
  visit_dtype<AllTypes>(op, step.dtype, [&](auto to_tag) {
    visit_dtype<AllTypes>(op, storage.dtype(), [&](auto from_tag) {
      auto* const to = static_cast<typename decltype(to_tag)::Type*>(step.memory.mutable_data());
      const auto* const from = static_cast<typename decltype(from_tag)::Type*>(storage.data());
      for (const Range& range : values.ranges()) {
        kernels::Strided<2> index;
        index.numel = range.end - range.begin;
        index.contiguous = true;
        visit_place(device, current_stream(device), [&](auto place) {
          kernels::cast(place, to + range.begin, from + range.begin, index);
        });
      }
    });
  });
}

void refuse_meta(absl::string_view op, Device device) {
  if (!device.is_meta()) return;
  throw Error(ErrorCode::kMeta, op,
              "to meta would destroy values; release() of a module goes back to meta, where the "
              "values can be regenerated");
}

}  // namespace

void place(absl::string_view op, const std::vector<Placing>& plan) {
  const std::lock_guard lock(placing());
  std::vector<Step> steps;
  for (const auto& [storage, device] : plan) {
    refuse_meta(op, device);
    if (storage->device() == device) continue;
    with_op(
        op,
        [&, &storage = storage, &device = device] {
          steps.push_back(
              {storage.get(), Memory(device, storage->nbytes()), device, storage->dtype()});
          copy_to(steps.back(), op);
        },
        [&, &storage = storage] { return subject(storage, storage->nbytes()); });
  }
  commit(op, steps);
}

void to_empty(absl::string_view op, const Storages& storages, Device device) {
  refuse_meta(op, device);
  with_op(op, [&] {
    std::vector<Placing> plan;
    for (const std::shared_ptr<Storage>& storage : storages) plan.push_back({storage, device});
    place(op, plan);
  });
}

void to_empty(const Tensor& tensor, Device device) {
  with_op("to_empty", [&] { to_empty("to_empty", {tensor.storage()}, device); });
}

void convert(absl::string_view op, const Storages& storages, DType dtype) {
  const std::lock_guard lock(placing());
  std::vector<Step> steps;
  for (const std::shared_ptr<Storage>& storage : storages) {
    const Device device = storage->device();
    if (storage->dtype() == dtype) continue;
    const int64_t bytes = storage->numel() * static_cast<int64_t>(item_size(dtype));
    with_op(
        op,
        [&] {
          steps.push_back(
              {storage.get(), device.is_meta() ? Memory() : Memory(device, bytes), device, dtype});
          if (!device.is_meta()) cast_to(steps.back(), op);
        },
        [&] { return subject(storage, bytes); });
  }
  commit(op, steps);
}

void release(absl::string_view op, const Storages& storages) noexcept {
  const std::lock_guard lock(placing());
  for (const std::shared_ptr<Storage>& storage : storages) storage->release(op);
}

void duplicate(absl::string_view op, const std::shared_ptr<Storage>& from, Storage& to) {
  with_op(
      op,
      [&] {
        const std::lock_guard lock(placing());
        const Device device = from->device();
        Step step = {from.get(), Memory(), device, from->dtype()};
        if (!device.is_meta()) {
          step.memory = Memory(device, from->nbytes());
          copy_to(step, op);
        }
        to.replace(op, std::move(step.memory), device, from->dtype());
        to.copy_knowledge(op, *from);
      },
      [&] { return subject(from, from->nbytes()); });
}

}  // namespace hollow
