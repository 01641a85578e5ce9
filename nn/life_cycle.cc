// The members of Module that give its tensors memory and values, and take them away.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/computed.h"
#include "nn/module.h"
#include "nn/write_slot.h"
#include "tensor/claim.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/op_name.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

// Those of the storages of which it is true, as they were declared.
template <typename Predicate>
std::vector<Tensor> those(const Storages& storages, Predicate predicate) {
  std::vector<Tensor> result;
  for (const std::shared_ptr<Storage>& storage : storages) {
    if (predicate(*storage)) result.push_back(declared(storage));
  }
  return result;
}

// Whether reset_parameters() would write what is there.
bool comes_back(const Storage& storage) {
  return storage.pristine() && storage.origin()->writer != nullptr;
}

}  // namespace

void Module::to_empty(Device device, Recurse recurse) {
  with_op("to_empty", [&] { hollow::to_empty("to_empty", storages(recurse), device); });
}

std::vector<std::string> Module::reset_parameters(Recurse recurse) {
  return with_op("reset_parameters", [&] {
    const Storages all = storages(recurse);
    const bool lacks = std::any_of(all.begin(), all.end(), [](const auto& storage) {
      return storage->state() == State::kMeta && !storage->origin()->computed;
    });
    const bool follows = has_older(all);
    std::vector<std::string> kept;
    bool writes = false;
    for (const std::shared_ptr<Storage>& storage : all) {
      const bool waits = lacks && storage->state() != State::kInitialized;
      const bool is_new = storage->pristine() && !follows;
      const bool stays = storage->origin()->computed && (is_new || waits);
      writes = writes || (storage->numel() > 0 && !stays && has_gaps(*storage, Fill::kAll));
      if (storage->sealed() && storage->has_values()) kept.emplace_back(storage->origin()->name);
    }
    if (!kept.empty() && !writes) {
      const std::vector<Tensor> on_meta =
          those(all, [](const Storage& storage) { return storage.state() == State::kMeta; });
      throw Error(
          ErrorCode::kSealed, "reset_parameters",
          absl::StrCat("there is nothing to write in ", title(),
                       ", where these are sealed: ", absl::StrJoin(kept, ", "),
                       on_meta.empty()
                           ? "; unseal() gives them back to their writers"
                           : absl::StrCat("; materialize(module, device) keeps them, and completes "
                                          "what has no memory: ",
                                          describe_all(on_meta))));
    }
    require_writers("reset_parameters", title(), all, Fill::kAll);
    listing_unfinished("reset_parameters", all, kMaterializes,
                       [&] { write_slots("reset_parameters", all, Fill::kAll, Waits::kYes); });
    return kept;
  });
}

void Module::seal(Recurse recurse) {
  with_op("seal", [&] {
    for (const std::shared_ptr<Storage>& storage : storages(recurse)) {
      if (!storage->origin()->computed) storage->seal("seal");
    }
  });
}

void Module::unseal(Recurse recurse) {
  with_op("unseal", [&] {
    for (const std::shared_ptr<Storage>& storage : storages(recurse)) storage->unseal("unseal");
  });
}

void Module::to(Device device) {
  with_op("to", [&] {
    const Storages all = storages(Recurse::kYes);
    if (device.is_meta()) return hollow::to_empty("to", all, device);
    const std::vector<Tensor> without =
        those(all, [](const Storage& storage) { return storage.state() == State::kMeta; });
    if (!without.empty()) {
      throw Error(
          ErrorCode::kMeta, "to",
          absl::StrCat(
              "these have no values to take to ", to_string(device), ": ", describe_all(without),
              "; to_empty(", to_string(device), ") gives them memory there, and ",
              mend_of_missing(
                  without, absl::StrCat("materialize(module, ", to_string(device), ") values"))));
    }
    hollow::to_empty("to", all, device);
  });
}

void Module::to(DType dtype) {
  with_op("to", [&] {
    if (!is_floating_point(dtype)) {
      throw Error(ErrorCode::kDType, "to",
                  absl::StrCat("a module's parameters cannot become ", to_string(dtype),
                               "; it is for f32, f16, bf16 and f64"));
    }
    const Storages all = storages(Recurse::kYes);
    Storages floating;
    for (const std::shared_ptr<Storage>& storage : all) {
      if (is_floating_point(storage->dtype()) && storage->dtype() != dtype) {
        floating.push_back(storage);
      }
    }
    // Of whatever dtype: what they are computed from changes.
    const Storages tree = this->tree();
    const Storages computed = computed_after(tree);
    convert("to", floating, dtype);
    listing_unfinished("to", computed, kMaterializes, [&] {
      if (!floating.empty()) outdate("to", computed);
      compute("to", computed, Waits::kYes, tree);
    });
  });
}

void Module::release() {
  with_op("release", [&] {
    const Storages all = storages(Recurse::kYes);
    const std::vector<Tensor> changed = those(
        all, [](const Storage& storage) { return storage.has_values() && !comes_back(storage); });
    if (!changed.empty()) {
      throw Error(
          ErrorCode::kChanged, "release",
          absl::StrCat(
              "reset_parameters() would not bring back the values of ", describe_all(changed),
              ", which were loaded, written or converted since, are of an earlier generation, or "
              "have no writer; clone() what you "
              "need, and reset_parameters() before you release, after unseal() for what is "
              "sealed and set_writer() for what has no writer"));
    }
    hollow::release("release", all);
  });
}

void Module::next_generation() {
  with_op("next_generation", [&] {
    for (const std::shared_ptr<Storage>& storage : storages(Recurse::kYes)) {
      RngKey& key = storage->origin()->key;
      key = key.with_generation(key.generation() + 1);
      storage->mark_changed();
    }
  });
}

void Module::set_writer(absl::string_view name, Writer writer) {
  with_op("set_writer", [&] {
    const OwnSlot& slot = get_slot("set_writer", name);
    if (writer == nullptr) {
      throw Error(
          ErrorCode::kWriter, "set_writer",
          absl::StrCat("the new writer of ", describe(slot.tensor),
                       " is empty; give a function of (tensor, key), as nn::init has them"));
    }
    const std::shared_ptr<Storage>& storage = slot.tensor.storage();
    try_writer("set_writer", *storage, writer);
    const bool is_real = storage->state() != State::kMeta;
    const bool runs = !storage->sealed();
    // Before anything changes: this may be called by the very writer that it is to replace.
    if (is_real && runs) {
      const Claim claim("set_writer", *storage);
    }
    const Storages tree = is_real && runs ? this->tree() : Storages();
    const Storages computed = computed_after(tree, storage.get());
    Storages written = computed;
    written.push_back(storage);
    Origin& origin = *storage->origin();
    const void* const old_giver = origin.giver;
    give_writer(storage);
    std::swap(origin.writer, writer);
    ++origin.writers_given;
    storage->mark_changed();  // what a sealed one holds is not the new writer's
    if (!runs) return;
    listing_unfinished("set_writer", written, kMaterializes, [&] {
      try {
        const bool is_one = is_real && storage->origin()->computed;
        if (!is_one) write_slot("set_writer", declared(storage), Fill::kAll);
        compute_anew("set_writer", is_one ? written : computed, tree);
      } catch (...) {
        std::swap(origin.writer, writer);
        origin.giver = old_giver;
        --origin.writers_given;
        // What has been computed by now, of values that nobody keeps, is no value either.
        for (const std::shared_ptr<Storage>& each : written) {
          if (!each->sealed()) each->mark_unwritten();
        }
        throw;
      }
    });
  });
}

void Module::check_complete() const {
  with_op("check_complete", [&] {
    const std::vector<Tensor> left = unfinished();
    if (left.empty()) return;
    throw Error(ErrorCode::kUninitialized, "check_complete",
                absl::StrCat("in ", title(), " these tensors are not initialized (", left.size(),
                             " in all): ", describe_all(left), "; ",
                             mend_of_missing(left,
                                             "materialize(module, device) completes them, and "
                                             "keeps what is there")));
  });
}

}  // namespace hollow::nn
