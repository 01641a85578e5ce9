#include "nn/state_dict.h"

#include <memory>
#include <unordered_set>
#include <utility>

#include "nn/computed.h"
#include "nn/match.h"
#include "nn/write_slot.h"
#include "tensor/claim.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/placement.h"
#include "tensor/write_scope.h"

namespace hollow::nn {
namespace {

// Not materialize(), which would fill what was to be loaded.
constexpr absl::string_view kLoadsOn = "the same call again goes on from there";

void require_real(absl::string_view op, Device device) {
  if (!device.is_meta()) return;
  throw Error(ErrorCode::kMeta, op,
              "meta has no memory to load into; say in LoadOptions.device where, or load outside "
              "of a meta scope");
}

// A source that lies in memory that is about to be written is copied first.
void detach_sources(Match& match) {
  for (Match::Entry& entry : match.entries) {
    if (entry.source.is_same(entry.slot->tensor)) continue;
    const Storage& from = *entry.source.storage();
    const bool is_computed = from.origin() != nullptr && from.origin()->computed;
    if (is_computed || match.targets.contains(&from)) entry.source = entry.source.clone();
  }
}

// Where each storage on meta that is loaded, or computed from what is, gets its memory.
std::vector<Placing> where_to_load(const Match& match, const Storages& storages,
                                   const LoadOptions& options) {
  std::vector<Placing> plan;
  std::unordered_set<const Storage*> planned;
  const auto give = [&](const std::shared_ptr<Storage>& storage, Device there) {
    const Device device = options.device.value_or(there);
    if (storage->state() != State::kMeta || device.is_meta()) return;
    if (planned.insert(storage.get()).second) plan.push_back({storage, device});
  };
  for (const Match::Entry& entry : match.entries) {
    give(entry.slot->tensor.storage(), entry.source.device());
  }
  const Device beside =
      match.entries.empty() ? default_device() : match.entries.front().source.device();
  for (const std::shared_ptr<Storage>& storage : storages) {
    if (storage->origin()->computed) give(storage, beside);
  }
  return plan;
}

void write(OpName op, const Match& match) {
  for (const Match::Entry& entry : match.entries) {
    const Tensor& tensor = entry.slot->tensor;
    Storage& storage = *tensor.storage();
    if (!match.is_first(entry)) continue;
    const Claim claim(op, storage);
    if (storage.has_values()) storage.note_change();
    WriteScope scope(storage, Author::kLoad, op);
    tensor.copy_(entry.source);
    scope.finish(tensor.layout());
    storage.seal(op);
  }
}

// What the values left, and is not computed.
void initialize(OpName op, const Storages& storages, Match& match) {
  for (const NamedSlot& slot : match.slots) {
    if (!slot.tensor.is_initialized()) match.report.initialized.push_back(slot.name);
  }
  for (const std::shared_ptr<Storage>& storage : storages) {
    if (storage->origin()->computed) continue;
    if (has_gaps(*storage, Fill::kMissing)) write_slot(op, declared(storage), Fill::kMissing);
  }
}

}  // namespace

LoadReport load_state_dict(Module& module, const StateDict& values, const LoadOptions& options) {
  constexpr OpName kOp = "load_state_dict";
  return with_op(kOp, [&] {
    if (options.device.has_value()) require_real(kOp, *options.device);
    Match loads = match(kOp, module, values, options, /*initializes=*/false);
    const Storages storages = module.storages();
    detach_sources(loads);
    place(kOp, where_to_load(loads, storages, options));
    listing_unfinished(kOp, storages, kLoadsOn, [&] {
      outdate(kOp, computed(storages));
      write(kOp, loads);
      loads.report.computed = compute(kOp, storages, Waits::kYes, storages);
    });
    return std::move(loads.report);
  });
}

LoadReport load_or_init(Module& module, const StateDict& values, const LoadOptions& options) {
  constexpr OpName kOp = "load_or_init";
  return with_op(kOp, [&] {
    const Device device = options.device.value_or(default_device());
    require_real(kOp, device);
    Match loads = match(kOp, module, values, options, /*initializes=*/true);
    const Storages storages = module.storages();
    Storages missing;
    for (const std::shared_ptr<Storage>& storage : storages) {
      if (!loads.is_loaded(*storage)) missing.push_back(storage);
    }
    require_writers(kOp, module.title(), missing, Fill::kMissing);
    detach_sources(loads);
    to_empty(kOp, storages, device);
    listing_unfinished(kOp, storages, kLoadsOn, [&] {
      outdate(kOp, computed(storages));
      write(kOp, loads);
      initialize(kOp, storages, loads);
      loads.report.computed = compute(kOp, storages, Waits::kNo, storages);
    });
    return std::move(loads.report);
  });
}

}  // namespace hollow::nn
