#include "nn/state_dict.h"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/nearest_name.h"
#include "nn/write_slot.h"
#include "tensor/claim.h"
#include "tensor/describe.h"
#include "tensor/element_set.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/ops/allclose.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

class Load {
 public:
  Load(absl::string_view op, Module& module, const StateDict& values, const LoadOptions& options,
       bool initializes)
      : op_(op),
        module_(module),
        options_(options),
        initializes_(initializes),
        storages_(module.storages()) {
    for (NamedSlot& slot : module.named_slots()) {
      if (slot.kind == SlotKind::kBuffer) {
        computed_names_.insert(slot.name);
      } else {
        slots_.push_back(std::move(slot));
      }
    }
    match(values);
    find_missing();
    find_conflicts();
    throw_if_bad(values);
    require_writers_of_missing();
  }

  LoadReport run() {
    detach_sources();
    allocate();
    listing_unfinished(op_, storages_, [&] {
      write();
      initialize();
      compute();
    });
    return std::move(report_);
  }

 private:
  struct Entry {
    const NamedSlot* slot;
    Tensor source;
  };
  struct Target {
    std::vector<const Entry*> entries;
    ElementSet loaded;
  };

  void complain(ErrorCode code, std::string problem) {
    // A wrong key explains much of what else is wrong.
    if (problems_.empty() || code == ErrorCode::kKey) code_ = code;
    problems_.push_back(std::move(problem));
  }

  void match(const StateDict& values) {
    std::map<absl::string_view, const NamedSlot*> by_name;
    for (const NamedSlot& slot : slots_) by_name.emplace(slot.name, &slot);
    for (const NamedTensor& value : values) {
      const auto slot = by_name.find(value.name);
      if (slot == by_name.end()) {
        report_.unexpected.push_back(value.name);
      } else {
        entries_.push_back({slot->second, value.tensor});
      }
    }
    // In the order of the module, whatever the file's is.
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.slot < b.slot; });
    for (const Entry& entry : entries_) {
      check(entry);
      const Tensor& tensor = entry.slot->tensor;
      Target& target = targets_
                           .try_emplace(tensor.storage().get(),
                                        Target{{}, ElementSet(tensor.storage()->numel())})
                           .first->second;
      target.entries.push_back(&entry);
      target.loaded.add(tensor.layout());
      if (report_.loaded.empty() || report_.loaded.back() != entry.slot->name) {
        report_.loaded.push_back(entry.slot->name);
        if (entry.source.dtype() != tensor.dtype()) report_.converted.push_back(entry.slot->name);
      }
    }
  }

  void check(const Entry& entry) {
    const Tensor& tensor = entry.slot->tensor;
    const auto bad = [&](ErrorCode code, absl::string_view why) {
      complain(code, absl::StrCat("\"", entry.slot->name, "\" ", why));
    };
    if (entry.source.shape() != tensor.shape()) {
      bad(ErrorCode::kShape, absl::StrCat("is ", to_string(tensor.shape()), " here and ",
                                          to_string(entry.source.shape()), " in what is loaded"));
    }
    const bool converts =
        is_floating_point(tensor.dtype()) && is_floating_point(entry.source.dtype());
    if (entry.source.dtype() != tensor.dtype() && !converts) {
      bad(ErrorCode::kDType, absl::StrCat("is ", to_string(tensor.dtype()), " here and ",
                                          to_string(entry.source.dtype()), " in what is loaded"));
    }
    if (entry.source.is_meta()) {
      bad(ErrorCode::kMeta, "is on meta in what is loaded, and so has no values");
    } else if (!entry.source.is_initialized()) {
      bad(ErrorCode::kUninitialized, "was not written, or not all of it, in what is loaded");
    }
    if (tensor.layout().repeats())
      bad(ErrorCode::kAlias, "is expanded here, and cannot be written");
  }

  void find_missing() {
    for (const NamedSlot& slot : slots_) {
      const auto target = targets_.find(slot.tensor.storage().get());
      // Under another name of a tie, or by way of views.
      const bool covered =
          target != targets_.end() && target->second.loaded.contains(slot.tensor.layout());
      if (!covered) report_.missing.push_back(slot.name);
    }
  }

  // Names that meet in one storage must bring the same values there.
  void find_conflicts() {
    if (!problems_.empty()) return;
    for (const NamedSlot& slot : slots_) {
      const auto found = targets_.find(slot.tensor.storage().get());
      if (found == targets_.end()) continue;
      const std::vector<const Entry*>& entries = found->second.entries;
      if (entries.front()->slot != &slot || entries.size() == 1) continue;
      find_conflicts(entries);
    }
  }

  void find_conflicts(const std::vector<const Entry*>& entries) {
    const Entry& first = *entries.front();
    const bool trivial = std::all_of(entries.begin(), entries.end(), [&](const Entry* entry) {
      return entry->source.is_same(first.source) &&
             entry->slot->tensor.layout() == first.slot->tensor.layout();
    });
    if (trivial) return;
    const Tensor& like_it = first.slot->tensor;
    const Tensor staged = empty(op_, {like_it.storage()->numel()},
                                {.dtype = like_it.dtype(), .device = Device::cpu()});
    const auto at = [&](const Entry& entry) {
      return Tensor(staged.storage(), entry.slot->tensor.layout());
    };
    for (const Entry* const entry : entries) at(*entry).copy_(entry->source);
    for (const Entry* const entry : entries) {
      if (same_bits(at(*entry), entry->source.to(like_it.dtype()))) continue;
      complain(ErrorCode::kKey,
               absl::StrCat("\"", entry->slot->name, "\" and \"", entries.back()->slot->name,
                            "\" are one storage here, and bring different values"));
    }
  }

  std::vector<std::string> names(bool given) const {
    std::vector<std::string> result;
    for (const NamedSlot& slot : slots_) {
      const bool is_missing = std::find(report_.missing.begin(), report_.missing.end(),
                                        slot.name) != report_.missing.end();
      if (is_missing != given) result.push_back(slot.name);
    }
    return result;
  }

  std::string explain_unexpected(const std::string& key) const {
    if (computed_names_.contains(key)) {
      return absl::StrCat("\"", key, "\" is not loaded but computed here");
    }
    std::string nearest = nearest_name(key, report_.missing);
    if (nearest.empty()) nearest = nearest_name(key, names(/*given=*/true));
    return absl::StrCat("\"", key, "\" is not a name here",
                        nearest.empty() ? "" : absl::StrCat("; the nearest is \"", nearest, "\""));
  }

  void throw_if_bad(const StateDict& values) {
    const bool nothing =
        report_.loaded.empty() && (!values.empty() || (!slots_.empty() && !initializes_));
    if (options_.strict || nothing) {
      for (const std::string& key : report_.unexpected) {
        complain(ErrorCode::kKey, explain_unexpected(key));
      }
    }
    if (!initializes_ && (options_.strict || nothing)) {
      for (const std::string& name : report_.missing) {
        complain(ErrorCode::kKey, absl::StrCat("\"", name, "\" is missing"));
      }
    }
    if (problems_.empty()) return;
    throw Error(code_, op_,
                absl::StrCat("nothing was loaded into ", module_.title(), ": ",
                             absl::StrJoin(problems_, "; ")));
  }

  bool is_loaded(const Storage& storage) const {
    const auto target = targets_.find(&storage);
    return target != targets_.end() && target->second.loaded.is_full();
  }

  void require_writers_of_missing() const {
    if (!initializes_) return;
    Storages missing;
    for (const std::shared_ptr<Storage>& storage : storages_) {
      if (!is_loaded(*storage)) missing.push_back(storage);
    }
    require_writers(op_, module_.title(), missing, Fill::kMissing);
  }

  // A source that lies in memory that is about to be written is copied first.
  void detach_sources() {
    for (Entry& entry : entries_) {
      if (entry.source.is_same(entry.slot->tensor)) continue;
      if (targets_.contains(entry.source.storage().get())) {
        entry.source = entry.source.clone();
      }
    }
  }

  void allocate() {
    std::vector<Placing> plan;
    std::unordered_set<const Storage*> planned;
    const auto give = [&](const std::shared_ptr<Storage>& storage, Device device) {
      if (planned.insert(storage.get()).second) plan.push_back({storage, device});
    };
    if (initializes_) {
      const Device device = options_.device.value_or(default_device());
      if (device.is_meta()) {
        throw Error(
            ErrorCode::kMeta, op_,
            "meta has no memory to load into; say where in LoadOptions.device, which is the "
            "default device where it is not given");
      }
      for (const std::shared_ptr<Storage>& storage : storages_) give(storage, device);
    } else {
      for (const Entry& entry : entries_) {
        const std::shared_ptr<Storage>& storage = entry.slot->tensor.storage();
        if (storage->state() == State::kMeta) {
          give(storage, options_.device.value_or(entry.source.device()));
        }
      }
      for (const std::shared_ptr<Storage>& storage : storages_) {
        if (entries_.empty() || !storage->origin()->computed) continue;
        if (storage->state() == State::kMeta) {
          give(storage, options_.device.value_or(entries_.front().source.device()));
        }
      }
    }
    place(op_, plan);
  }

  void write() {
    for (const Entry& entry : entries_) {
      const Tensor& tensor = entry.slot->tensor;
      Storage& storage = *tensor.storage();
      const Claim claim(op_, storage);
      WriteScope scope(storage, Author::kLoad, op_);
      tensor.copy_(entry.source);
      scope.finish(tensor.layout());
      storage.seal(op_);
    }
  }

  void initialize() {
    if (!initializes_) return;
    for (const NamedSlot& slot : slots_) {
      if (!slot.tensor.is_initialized()) report_.initialized.push_back(slot.name);
    }
    for (const std::shared_ptr<Storage>& storage : storages_) {
      if (storage->origin()->computed) continue;
      if (has_gaps(*storage, Fill::kMissing)) write_slot(op_, storage, Fill::kMissing);
    }
  }

  void compute() {
    for (const std::shared_ptr<Storage>& storage : storages_) {
      const Origin& origin = *storage->origin();
      if (!origin.computed || origin.writer == nullptr || storage->state() == State::kMeta)
        continue;
      try {
        if (!has_gaps(*storage, Fill::kAll)) continue;
        write_slot(op_, storage, Fill::kAll);
        report_.computed.emplace_back(origin.name);
      } catch (const Error& error) {
        // One that reads what is still missing, perhaps beside what is not, waits for it.
        const bool waits = error.code() == ErrorCode::kMeta ||
                           error.code() == ErrorCode::kUninitialized ||
                           error.code() == ErrorCode::kDevice;
        if (!waits || report_.missing.empty() || initializes_) throw;
      }
    }
  }

  const absl::string_view op_;
  Module& module_;
  const LoadOptions options_;
  const bool initializes_;
  const Storages storages_;
  std::vector<NamedSlot> slots_;  // persistent ones, under all their names
  std::unordered_set<std::string> computed_names_;
  std::vector<Entry> entries_;
  std::unordered_map<const Storage*, Target> targets_;
  std::vector<std::string> problems_;
  ErrorCode code_ = ErrorCode::kKey;
  LoadReport report_;
};

LoadReport load(absl::string_view op, Module& module, const StateDict& values,
                const LoadOptions& options, bool initializes) {
  return with_op(op, [&] { return Load(op, module, values, options, initializes).run(); });
}

}  // namespace

LoadReport load_state_dict(Module& module, const StateDict& values, const LoadOptions& options) {
  return load("load_state_dict", module, values, options, /*initializes=*/false);
}

LoadReport load_or_init(Module& module, const StateDict& values, const LoadOptions& options) {
  return load("load_or_init", module, values, options, /*initializes=*/true);
}

}  // namespace hollow::nn
