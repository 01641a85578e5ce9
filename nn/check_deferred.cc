#include "nn/check_deferred.h"

#include <algorithm>
#include <exception>
#include <map>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/root.h"
#include "nn/write_slot.h"
#include "tensor/births.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/ops/allclose.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

using Factory = absl::FunctionRef<std::unique_ptr<Module>()>;

// A module as it was built, and what can be asked of it by name.
class Built {
 public:
  // What the factory throws goes through.
  Built(Factory factory, RngKey key, Device device) {
    const RngScope rng(key);
    const DeviceScope scope(device);
    const NewRoots roots;
    if (Births::current() != nullptr) before_ = Births::current()->unlisted();
    module_ = factory();
    if (module_ == nullptr) {
      throw Error(ErrorCode::kValue, "check_deferred", "the factory gave null");
    }
    for (const Module* const root : roots.modules()) {
      if (root != module_.get()) apart_.push_back(root->class_name());
    }
    for (NamedSlot& slot : module_->named_slots()) {
      owners_.try_emplace(slot.tensor.storage().get(), slot.name);
      std::string name = slot.name;
      slots_.emplace(std::move(name), std::move(slot));
    }
  }

  const Module& module() const { return *module_; }
  // Without those that the caller made, in a scope of its own.
  std::vector<Birth> unlisted() const {
    std::vector<Birth> births = module_->unlisted();
    std::erase_if(births, [&](const Birth& birth) {
      return std::any_of(before_.begin(), before_.end(), [&](const Birth& each) {
        return each.tensor.storage() == birth.tensor.storage();
      });
    });
    return births;
  }
  // The classes of those that were built with it, live on, and are none of its children.
  const std::vector<std::string>& apart() const { return apart_; }
  const std::map<std::string, NamedSlot>& slots() const { return slots_; }
  const NamedSlot* find(const std::string& name) const {
    const auto slot = slots_.find(name);
    return slot == slots_.end() ? nullptr : &slot->second;
  }
  // The first name of the storage that this name has.
  const std::string& owner(const NamedSlot& slot) const {
    return owners_.at(slot.tensor.storage().get());
  }

 private:
  std::vector<Birth> before_;
  std::unique_ptr<Module> module_;
  std::vector<std::string> apart_;
  std::map<std::string, NamedSlot> slots_;
  std::unordered_map<const Storage*, std::string> owners_;
};

std::string kind_name(SlotKind kind) {
  switch (kind) {
    case SlotKind::kParameter:
      return "parameter";
    case SlotKind::kPersistentBuffer:
      return "persistent buffer";
    case SlotKind::kBuffer:
      return "buffer";
  }
  return "unknown";
}

// In a handler.
std::string what_is_thrown() {
  try {
    throw;
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

class Check {
 public:
  explicit Check(Factory factory) : factory_(factory), key_(default_rng_key()) {}

  DeferredReport run() {
    try {
      const Built eager(factory_, key_, Device::cpu());
      try {
        const Built deferred(factory_, key_, Device::meta());
        for (const Birth& birth : deferred.unlisted()) {
          add("", Cause::kUnlisted, describe(birth));
        }
        for (const std::string& name : deferred.apart()) {
          add("", Cause::kUnlisted,
              absl::StrCat("a ", name,
                           " was built as a module of its own: it is no child, so nothing that is "
                           "done to this module reaches it; build it with add_child"));
        }
        fill(deferred.module());
        compare(eager, deferred);
      } catch (...) {
        add("", Cause::kThrows, absl::StrCat("on meta: ", what_is_thrown()));
      }
    } catch (...) {
      add("", Cause::kThrows, absl::StrCat("on cpu: ", what_is_thrown()));
    }
    return std::move(report_);
  }

 private:
  void add(std::string name, Cause cause, std::string detail) {
    report_.differences.push_back({std::move(name), cause, std::move(detail)});
  }

  // to_empty() and reset_parameters(), slot by slot, so that one that fails hides no other.
  void fill(const Module& module) {
    const DeviceScope scope(Device::cpu());
    const Storages storages = module.storages();
    to_empty("check_deferred", storages, Device::cpu());
    const auto write = [&](const std::shared_ptr<Storage>& storage) {
      if (storage->origin()->writer == nullptr) return true;
      try {
        write_slot("check_deferred", declared(storage), Fill::kAll);
        failures_.erase(storage.get());
        return true;
      } catch (const Error& error) {
        failures_.insert_or_assign(storage.get(), std::string(error.message()));
        return false;
      }
    };
    // What is declared comes first, and once; what is computed may read what is computed later.
    Storages computed;
    for (const std::shared_ptr<Storage>& storage : storages) {
      if (!write(storage) && storage->origin()->computed) computed.push_back(storage);
    }
    while (std::erase_if(computed, write) > 0) {
    }
  }

  void compare(const Built& eager, const Built& deferred) {
    for (const auto& [name, slot] : eager.slots()) {
      const NamedSlot* const other = deferred.find(name);
      if (other == nullptr) {
        add(name, Cause::kSlots, "is there on cpu, and not on meta");
      } else {
        compare(eager, slot, deferred, *other);
      }
    }
    for (const auto& [name, slot] : deferred.slots()) {
      if (eager.find(name) == nullptr) {
        add(name, Cause::kSlots, "is there on meta, and not on cpu");
      }
    }
  }

  void compare(const Built& eager, const NamedSlot& a, const Built& deferred, const NamedSlot& b) {
    const auto differs = [&](Cause cause, absl::string_view on_cpu, absl::string_view on_meta) {
      if (on_cpu == on_meta) return false;
      add(a.name, cause, absl::StrCat(on_cpu, " on cpu, ", on_meta, " on meta"));
      return true;
    };
    differs(Cause::kSlots, kind_name(a.kind), kind_name(b.kind));
    const std::string alone = "a storage of its own";
    const auto tied_to = [&](const Built& built, const NamedSlot& slot) {
      const std::string& owner = built.owner(slot);
      return owner == slot.name ? alone : absl::StrCat("tied to \"", owner, "\"");
    };
    differs(Cause::kTieLost, tied_to(eager, a), tied_to(deferred, b));
    differs(Cause::kRequiresGrad, a.tensor.requires_grad() ? "requires grad" : "does not",
            b.tensor.requires_grad() ? "requires grad" : "does not");
    const bool other_dtype =
        differs(Cause::kDType, to_string(a.tensor.dtype()), to_string(b.tensor.dtype()));
    const bool other_shape = differs(Cause::kShape, hollow::to_string(a.tensor.shape()),
                                     hollow::to_string(b.tensor.shape()));
    if (!other_shape) {
      const auto where = [](const Tensor& tensor) {
        return absl::StrCat("strides ", hollow::to_string(tensor.strides()), " from element ",
                            tensor.storage_offset());
      };
      if (differs(Cause::kStrides, where(a.tensor), where(b.tensor))) return;
    }
    if (!other_dtype && !other_shape) compare_values(a, b);
  }

  void compare_values(const NamedSlot& a, const NamedSlot& b) {
    const Storage& eager = *a.tensor.storage();
    const Storage& deferred = *b.tensor.storage();
    const auto failure = failures_.find(&deferred);
    if (failure != failures_.end()) return add(a.name, Cause::kThrows, failure->second);
    if (!a.tensor.is_initialized()) {
      return add(a.name, Cause::kNeverInitialized,
                 absl::StrCat("not even when it is built with memory: ", describe(a.tensor),
                              deferred.origin()->writer == nullptr ? "; it has no writer" : ""));
    }
    std::vector<std::string> ops;
    for (const WriteCount& each : eager.writes()) {
      if (each.author == Author::kOp) ops.push_back(each.op);
    }
    const std::string authors = absl::StrJoin(ops, " and ");
    if (!b.tensor.is_initialized()) {
      return add(a.name, Cause::kConstructorOnly,
                 absl::StrCat("the constructor wrote it (", authors,
                              "), which does nothing on meta, and it has no writer; give "
                              "add_parameter or add_buffer one that computes it"));
    }
    if (same_bits(a.tensor, b.tensor)) return;
    if (eager.is_overwritten()) {
      return add(a.name, Cause::kConstructorOnly,
                 absl::StrCat("the constructor wrote over what the writer had written (", authors,
                              "), which does nothing on meta; give the slot that writer, with "
                              "set_writer"));
    }
    if (!eager.pristine() && is_reproducible(a)) {
      return add(a.name, Cause::kConstructorOnly,
                 "the constructor did something with it after the writer had run (a load, "
                 "next_generation(), to(dtype)); call reset_parameters() after that");
    }
    if (!is_reproducible(a)) {
      return add(a.name, Cause::kNotReproducible,
                 "built twice on cpu, under one key, it has other values; take random numbers from "
                 "the key that the writer is given");
    }
    add(a.name, Cause::kValues,
        "the writer writes other values the second time; what it captures has changed since");
  }

  bool is_reproducible(const NamedSlot& slot) {
    if (again_ == nullptr) again_ = std::make_unique<Built>(factory_, key_, Device::cpu());
    const NamedSlot* const other = again_->find(slot.name);
    return other != nullptr && other->tensor.is_initialized() &&
           same_bits(slot.tensor, other->tensor);
  }

  Factory factory_;
  const RngKey key_;
  std::unique_ptr<Built> again_;
  std::map<const Storage*, std::string> failures_;
  DeferredReport report_;
};

}  // namespace

DeferredReport check_deferred(absl::FunctionRef<std::unique_ptr<Module>()> factory) {
  return Check(factory).run();
}

}  // namespace hollow::nn
