#include "nn/computed.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "tensor/claim.h"
#include "tensor/error.h"
#include "tensor/origin.h"
#include "tensor/tensor.h"

namespace hollow::nn {
namespace {

// Whether anything but that one, and what is computed, is unfinished.
bool lacks_values(const Storages& storages, const Storage* but = nullptr) {
  return std::any_of(storages.begin(), storages.end(), [&](const auto& storage) {
    return storage.get() != but && !storage->origin()->computed &&
           storage->state() != State::kInitialized;
  });
}

// Whether anything of the tree is, or of the roots of those, but those themselves where they are
// real. A root does not list yet what is being built.
bool lacks_values_beside(const Storages& storages, const Storages& tree) {
  if (lacks_values(tree)) return true;
  std::set<const Kin*> roots;
  std::set<const Storage*> own;
  for (const std::shared_ptr<Storage>& storage : storages) {
    roots.insert(storage->origin()->kin.get());
    if (storage->state() != State::kMeta) own.insert(storage.get());
  }
  return std::any_of(roots.begin(), roots.end(), [&](const Kin* root) {
    const std::vector<Tensor> unfinished = root->unfinished();
    return std::any_of(unfinished.begin(), unfinished.end(),
                       [&](const Tensor& each) { return own.count(each.storage().get()) == 0; });
  });
}

}  // namespace

void write_slots(OpName op, const Storages& storages, Fill fill, Waits waits) {
  if (fill == Fill::kAll) outdate(op, storages);
  for (const std::shared_ptr<Storage>& storage : storages) {
    if (storage->origin()->computed || !has_gaps(*storage, fill)) continue;
    write_slot(op, declared(storage), fill);
  }
  compute(op, storages, waits, storages);
}

std::vector<std::string> compute(OpName op, const Storages& storages, Waits waits,
                                 const Storages& tree) {
  std::vector<std::string> names;
  std::optional<Error> refusal;
  const auto write = [&](const std::shared_ptr<Storage>& storage) {
    if (!has_gaps(*storage, Fill::kMissing)) return true;
    try {
      write_slot(op, declared(storage), Fill::kMissing);
    } catch (const Error& error) {
      if (!is_of_what_it_reads(error)) throw;
      refusal = error;
      return false;
    }
    names.emplace_back(storage->origin()->name);
    return true;
  };
  Storages left = computed(storages);
  size_t before = 0;
  do {
    before = left.size();
    std::erase_if(left, write);
  } while (!left.empty() && left.size() < before);
  if (!left.empty() && (waits == Waits::kNo || !lacks_values_beside(storages, tree))) {
    throw Error(*refusal);
  }
  return names;
}

void compute_anew(OpName op, const Storages& storages, const Storages& tree) {
  outdate(op, storages);
  compute(op, storages, Waits::kYes, tree);
}

void outdate(absl::string_view op, const Storages& storages) {
  const auto lose = [](Storage& storage) {
    if (!storage.sealed()) storage.mark_unwritten();
  };
  try {
    for (const std::shared_ptr<Storage>& storage : storages) {
      const Claim claim(op, *storage);
      lose(*storage);
    }
  } catch (...) {
    for (const std::shared_ptr<Storage>& storage : storages) lose(*storage);
    throw;
  }
}

Storages computed(const Storages& storages) {
  Storages result;
  std::copy_if(storages.begin(), storages.end(), std::back_inserter(result), [](const auto& each) {
    const Origin& origin = *each->origin();
    return origin.computed && origin.writer != nullptr && each->state() != State::kMeta;
  });
  return result;
}

Storages computed_after(const Storages& storages, const Storage* other) {
  Storages result = computed(storages);
  const bool lacks = lacks_values(storages, other);
  std::erase_if(result, [&](const auto& each) {
    return each.get() == other || (lacks && !each->has_values());
  });
  return result;
}

bool has_older(const Storages& storages) {
  uint64_t changed = 0;
  for (const auto& storage : storages) changed = std::max(changed, storage->changed_at());
  const Storages all = computed(storages);
  return std::any_of(all.begin(), all.end(), [&](const auto& each) {
    return each->has_values() && each->computed_at() < changed;
  });
}

void outdate_older(absl::string_view op, const Storages& storages) {
  const uint64_t now = Storage::now();  // what is computed from here on is later
  if (!has_older(storages)) return;
  for (const std::shared_ptr<Storage>& storage : computed(storages)) {
    const Claim claim(op, *storage);
    if (storage->computed_at() <= now) storage->mark_unwritten();
  }
}

}  // namespace hollow::nn
