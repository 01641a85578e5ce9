#include "tensor/claim.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "tensor/error.h"

namespace hollow {
namespace {

struct Claims {
  std::mutex mutex;
  std::condition_variable ended;
  std::unordered_map<const Storage*, std::thread::id> owners;
  std::unordered_map<std::thread::id, const Storage*> waiting;
};

Claims& claims() {
  static Claims* const claims = new Claims;  // lives as long as any thread
  return *claims;
}

// Whether whoever has the storage waits, by way of others, for this thread.
bool waits_for_me(const Claims& all, const Storage* storage) {
  while (true) {
    const auto owner = all.owners.find(storage);
    if (owner == all.owners.end()) return false;
    if (owner->second == std::this_thread::get_id()) return true;
    const auto next = all.waiting.find(owner->second);
    if (next == all.waiting.end()) return false;
    storage = next->second;
  }
}

std::string name_of(const Storage& storage) {
  const Origin* const origin = storage.origin();
  return origin == nullptr ? "a tensor" : absl::StrCat("\"", origin->name, "\"");
}

}  // namespace

Claim::Claim(absl::string_view op, const Storage& storage) : storage_(storage) {
  Claims& all = claims();
  std::unique_lock lock(all.mutex);
  while (all.owners.contains(&storage)) {
    if (waits_for_me(all, &storage)) {
      throw Error(ErrorCode::kWriter, op,
                  absl::StrCat("the writer of ", name_of(storage),
                               " needs the values of its own slot, perhaps by way of another's; "
                               "writers that read each other must not do so in a circle"));
    }
    all.waiting[std::this_thread::get_id()] = &storage;
    all.ended.wait(lock);
    all.waiting.erase(std::this_thread::get_id());
  }
  all.owners.emplace(&storage, std::this_thread::get_id());
}

Claim::~Claim() {
  Claims& all = claims();
  {
    const std::lock_guard lock(all.mutex);
    all.owners.erase(&storage_);
  }
  all.ended.notify_all();
}

}  // namespace hollow
