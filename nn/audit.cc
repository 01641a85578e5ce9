#include "nn/audit.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/write_slot.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/padded.h"

namespace hollow::nn {
namespace {

constexpr size_t kFindingWidth = 14;  // of the longest

Finding finding_of(const Storage& storage) {
  switch (storage.state()) {
    case State::kMeta:
    case State::kAllocated:
      return Finding::kNeverWritten;
    case State::kPartial:
      return Finding::kPartlyWritten;
    case State::kInitialized:
      break;
  }
  return storage.is_overwritten() ? Finding::kOverwritten : Finding::kNone;
}

std::string writes_of(const AuditEntry& entry) {
  return absl::StrJoin(entry.writes, ", ", [](std::string* out, const WriteCount& each) {
    absl::StrAppend(out, each.op, " ", each.count);
  });
}

std::string ranges_of(const AuditEntry& entry) {
  constexpr size_t kShown = 4;
  const std::vector<Range>& ranges = entry.unwritten.ranges();
  std::string text =
      absl::StrCat(entry.unwritten.count(), " of ", entry.tensor.numel(), " elements never: ");
  for (size_t i = 0; i < std::min(kShown, ranges.size()); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", "[", ranges[i].begin, ", ", ranges[i].end, ")");
  }
  if (ranges.size() > kShown) absl::StrAppend(&text, ", and ", ranges.size() - kShown, " more");
  return text;
}

}  // namespace

std::string to_string(Finding finding) {
  switch (finding) {
    case Finding::kNone:
      return "as written";
    case Finding::kNeverWritten:
      return "never written";
    case Finding::kPartlyWritten:
      return "partly written";
    case Finding::kOverwritten:
      return "overwritten";
  }
  return "unknown";
}

std::vector<std::string> Audit::names(Finding finding) const {
  std::vector<std::string> result;
  for (const AuditEntry& entry : entries) {
    if (entry.finding == finding) result.push_back(entry.name());
  }
  return result;
}

bool Audit::ok() const {
  return unlisted.empty() && names(Finding::kNone).size() == entries.size();
}

Audit audit(const Module& module) {
  return with_op("audit", [&] {
    Audit result;
    std::unordered_map<const Storage*, size_t> known;
    for (NamedSlot& slot : module.named_slots()) {
      const std::shared_ptr<Storage>& storage = slot.tensor.storage();
      const auto [at, is_new] = known.try_emplace(storage.get(), result.entries.size());
      if (is_new) {
        const Tensor tensor = declared(storage);
        result.entries.push_back({.names = {},
                                  .declared_by = declared_by(*storage->origin()),
                                  .tensor = tensor,
                                  .sealed = storage->sealed(),
                                  .has_writer = has_writer(storage->origin()),
                                  .writes = storage->writes(),
                                  .unwritten = storage->unwritten(tensor.layout()),
                                  .finding = finding_of(*storage)});
      }
      result.entries[at->second].names.push_back(std::move(slot.name));
    }
    result.unlisted = module.unlisted();
    return result;
  });
}

std::string to_string(const Audit& audit) {
  return with_op("to_string", [&] {
    const size_t fine = audit.names(Finding::kNone).size();
    if (audit.ok()) {
      return absl::StrCat("all ", fine, " entries are as their writers or a load left them\n");
    }
    std::string text;
    size_t width = 0;
    for (const AuditEntry& entry : audit.entries) width = std::max(width, entry.name().size());
    if (fine < audit.entries.size()) {
      absl::StrAppend(&text, audit.entries.size() - fine, " of ", audit.entries.size(),
                      " entries are not as their writers or a load left them:\n");
    }
    for (const AuditEntry& entry : audit.entries) {
      if (entry.finding == Finding::kNone) continue;
      std::string detail;
      if (entry.finding == Finding::kPartlyWritten) detail = ranges_of(entry);
      if (!entry.writes.empty()) {
        absl::StrAppend(&detail, detail.empty() ? "" : "; ", "written by: ", writes_of(entry));
      }
      if (!entry.has_writer) absl::StrAppend(&detail, detail.empty() ? "" : "; ", "has no writer");
      const std::vector<std::string> others(entry.names.begin() + 1, entry.names.end());
      if (!others.empty()) {
        absl::StrAppend(&detail, detail.empty() ? "" : "; ", "also ", absl::StrJoin(others, ", "));
      }
      absl::StrAppend(&text, "  ", padded(entry.name(), width), "  ",
                      padded(to_string(entry.finding), kFindingWidth), "  ", describe(entry.tensor),
                      detail.empty() ? "" : ": ", detail, "\n");
    }
    for (const Birth& birth : audit.unlisted) {
      absl::StrAppend(&text, "  no module lists   ", describe(birth), "\n");
    }
    return text;
  });
}

}  // namespace hollow::nn
