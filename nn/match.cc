#include "nn/match.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/nearest_name.h"
#include "tensor/empty.h"
#include "tensor/error.h"
#include "tensor/ops/allclose.h"

namespace hollow::nn {
namespace {

class Matcher {
 public:
  Matcher(OpName op, const Module& module, const LoadOptions& options, bool initializes)
      : op_(op), module_(module), options_(options), initializes_(initializes) {}

  Match run(const StateDict& values) {
    for (NamedSlot& slot : module_.named_slots()) {
      if (slot.kind == SlotKind::kBuffer) {
        buffers_.emplace(std::move(slot.name), slot.tensor);
      } else {
        match_.slots.push_back(std::move(slot));
      }
    }
    match(values);
    find_missing();
    find_conflicts();
    throw_if_bad(values);
    return std::move(match_);
  }

 private:
  using Entry = Match::Entry;
  using Target = Match::Target;

  void complain(ErrorCode code, std::string problem) {
    // A wrong key explains much of what else is wrong.
    if (problems_.empty() || code == ErrorCode::kKey) code_ = code;
    problems_.push_back(std::move(problem));
  }

  void match(const StateDict& values) {
    std::map<absl::string_view, const NamedSlot*> by_name;
    for (const NamedSlot& slot : match_.slots) by_name.emplace(slot.name, &slot);
    for (const NamedTensor& value : values) {
      const auto slot = by_name.find(value.name);
      if (slot == by_name.end()) {
        match_.report.unexpected.push_back(value.name);
      } else {
        match_.entries.push_back({slot->second, value.tensor});
      }
    }
    // In the order of the module, whatever the file's is.
    std::stable_sort(match_.entries.begin(), match_.entries.end(),
                     [](const Entry& a, const Entry& b) { return a.slot < b.slot; });
    for (const Entry& entry : match_.entries) {
      const bool is_good = check(entry);
      const Tensor& tensor = entry.slot->tensor;
      Target& target = match_.targets
                           .try_emplace(tensor.storage().get(),
                                        Target{.loaded = ElementSet(tensor.storage()->numel())})
                           .first->second;
      if (is_good) target.entries.push_back(&entry);
      target.loaded.add(tensor.layout());
      if (match_.report.loaded.empty() || match_.report.loaded.back() != entry.slot->name) {
        match_.report.loaded.push_back(entry.slot->name);
        if (entry.source.dtype() != tensor.dtype())
          match_.report.converted.push_back(entry.slot->name);
      }
    }
  }

  // Whether it can be loaded.
  bool check(const Entry& entry) {
    const size_t before = problems_.size();
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
    if (tensor.layout().repeats()) {
      bad(ErrorCode::kAlias, "is expanded here, and cannot be written");
    }
    return problems_.size() == before;
  }

  void find_missing() {
    for (const NamedSlot& slot : match_.slots) {
      const auto target = match_.targets.find(slot.tensor.storage().get());
      // Under another name of a tie, or by way of views.
      const bool covered =
          target != match_.targets.end() && target->second.loaded.contains(slot.tensor.layout());
      if (!covered) match_.report.missing.push_back(slot.name);
    }
  }

  // Names that meet in one storage must bring the same values there.
  void find_conflicts() {
    for (const NamedSlot& slot : match_.slots) {
      const auto found = match_.targets.find(slot.tensor.storage().get());
      if (found == match_.targets.end()) continue;
      const std::vector<const Entry*>& entries = found->second.entries;
      if (entries.size() < 2 || entries.front()->slot != &slot) continue;
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
    // Each over those before it, which then must still be what they were.
    std::vector<const Entry*> agreeing;
    for (const Entry* const entry : entries) {
      at(*entry).copy_(entry->source);
      const auto overwritten = [&](const Entry* earlier) {
        if (same_bits(at(*earlier), earlier->source.to(like_it.dtype()))) return false;
        complain(ErrorCode::kKey,
                 earlier->slot == entry->slot
                     ? absl::StrCat("\"", entry->slot->name,
                                    "\" is there twice, with different values; keep one of them")
                     : absl::StrCat("\"", earlier->slot->name, "\" and \"", entry->slot->name,
                                    "\" are one storage here, and bring different values; keep one "
                                    "of them"));
        return true;
      };
      agreeing.erase(std::remove_if(agreeing.begin(), agreeing.end(), overwritten), agreeing.end());
      agreeing.push_back(entry);
    }
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const NamedSlot& slot : match_.slots) result.push_back(slot.name);
    return result;
  }

  std::string explain_unexpected(const std::string& key, const NearestName& nearest_missing,
                                 const NearestName& nearest_of_all) const {
    if (const auto buffer = buffers_.find(key); buffer != buffers_.end()) {
      const Origin& origin = *buffer->second.storage()->origin();
      return origin.computed
                 ? absl::StrCat("\"", key, "\" is not loaded but computed here")
                 : absl::StrCat("\"", key,
                                "\" is in no state dict here: it is of the storage of \"",
                                origin.name, "\", and not persistent");
    }
    std::string nearest = nearest_missing.of(key);
    if (nearest.empty()) nearest = nearest_of_all.of(key);
    return absl::StrCat("\"", key, "\" is not a name here",
                        nearest.empty() ? "" : absl::StrCat("; the nearest is \"", nearest, "\""));
  }

  void complain_of_unexpected() {
    if (match_.report.unexpected.empty()) return;
    const NearestName missing(match_.report.missing), all(names());
    for (const std::string& key : match_.report.unexpected) {
      complain(ErrorCode::kKey, explain_unexpected(key, missing, all));
    }
  }

  void throw_if_bad(const StateDict& values) {
    const bool nothing = match_.report.loaded.empty() &&
                         (!values.empty() || (!match_.slots.empty() && !initializes_));
    if (options_.strict || nothing) complain_of_unexpected();
    if (!initializes_ && (options_.strict || nothing)) {
      for (const std::string& name : match_.report.missing) {
        complain(ErrorCode::kKey, absl::StrCat("\"", name, "\" is missing"));
      }
    }
    if (problems_.empty()) return;
    throw Error(code_, op_,
                absl::StrCat("nothing was loaded into ", module_.title(), ": ",
                             absl::StrJoin(problems_, "; "), mend()));
  }

  // For keys that are wrong on purpose, and for values that do not fit.
  std::string mend() const {
    if (code_ != ErrorCode::kKey) {
      return "; leave out what does not fit, and load_or_init() initializes it";
    }
    if (match_.report.loaded.empty()) return "";
    const bool lacks = !initializes_ && options_.strict && !match_.report.missing.empty();
    const bool has_more = options_.strict && !match_.report.unexpected.empty();
    return absl::StrCat(lacks ? "; load_or_init() initializes what is missing" : "",
                        has_more ? "; strict = false ignores what is not known" : "");
  }

  const OpName op_;
  const Module& module_;
  const LoadOptions& options_;
  const bool initializes_;
  std::unordered_map<std::string, Tensor> buffers_;  // those that are in no state dict
  std::vector<std::string> problems_;
  ErrorCode code_ = ErrorCode::kKey;
  Match match_;
};

}  // namespace

bool Match::is_first(const Entry& entry) const {
  const Tensor& tensor = entry.slot->tensor;
  const std::vector<const Entry*>& all = targets.at(tensor.storage().get()).entries;
  return *std::find_if(all.begin(), all.end(), [&](const Entry* each) {
    return each->slot->tensor.layout() == tensor.layout();
  }) == &entry;
}

Match match(OpName op, const Module& module, const StateDict& values, const LoadOptions& options,
            bool initializes) {
  return Matcher(op, module, options, initializes).run(values);
}

}  // namespace hollow::nn
