#include "nn/root.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hollow::nn {

Module::TreeRoot::TreeRoot(const Module* module) : key_(default_rng_key()), module_(module) {}

absl::string_view Module::TreeRoot::keep(absl::string_view path, absl::string_view name) {
  const size_t head = path.empty() ? 0 : path.size() + 1;
  char* const text = static_cast<char*>(memory_.allocate(head + name.size(), 1));
  if (head > 0) {
    std::memcpy(text, path.data(), path.size());
    text[path.size()] = '.';
  }
  if (!name.empty()) std::memcpy(text + head, name.data(), name.size());
  return absl::string_view(text, head + name.size());
}

std::vector<Tensor> Module::TreeRoot::unfinished() const {
  const std::lock_guard lock(mutex_);
  return module_ == nullptr ? std::vector<Tensor>() : module_->unfinished();
}

bool Module::TreeRoot::has_writer(const Origin& origin) const {
  const std::lock_guard lock(mutex_);
  return origin.writer != nullptr;
}

void Module::TreeRoot::drop_writer(Origin& origin) {
  Writer dropped;  // what it holds may be a module of this tree, so it dies outside of the lock
  const std::lock_guard lock(mutex_);
  std::swap(dropped, origin.writer);
}

std::vector<Birth> Module::TreeRoot::unlisted() const {
  std::vector<Birth> result;
  for (const std::shared_ptr<const Births>& scope : scopes_) {
    for (Birth& birth : scope->unlisted()) result.push_back(std::move(birth));
  }
  for (const std::weak_ptr<Storage>& each : orphans_) {
    const std::shared_ptr<Storage> storage = each.lock();
    if (storage == nullptr || storage->state() != State::kMeta) continue;
    const bool known = std::any_of(result.begin(), result.end(), [&](const Birth& birth) {
      return birth.tensor.storage() == storage;
    });
    if (known) continue;
    result.push_back({Tensor(storage, layout_of(*storage->origin())), "add_parameter", ""});
  }
  return result;
}

void Module::TreeRoot::note_orphan(const Tensor& tensor) {
  orphans_.push_back(tensor.storage());
  // For the one that is built with it, if this dies.
  if (tensor.is_meta()) Births::note("add_parameter", tensor);
}

std::vector<std::shared_ptr<const Module>> Module::TreeRoot::shared() const {
  std::vector<std::shared_ptr<const Module>> alive;
  for (const std::weak_ptr<const Module>& each : shared_) {
    if (auto module = each.lock(); module != nullptr) alive.push_back(std::move(module));
  }
  return alive;
}

void Module::TreeRoot::note_given(const Module* giver, const std::shared_ptr<Storage>& storage) {
  const std::lock_guard lock(mutex_);
  given_[giver].insert(storage);
}

void Module::TreeRoot::forget(const Module* module) {
  Given given;
  {
    const std::lock_guard lock(mutex_);
    if (module == module_) module_ = nullptr;
    if (const auto found = given_.find(module); found != given_.end()) {
      given = std::move(found->second);
      given_.erase(found);
    }
  }
  for (const std::weak_ptr<Storage>& each : given) {
    const std::shared_ptr<Storage> storage = each.lock();
    if (storage != nullptr && storage->origin()->giver == module) drop_writer(*storage->origin());
  }
}

thread_local Module::NextChild* Module::NextChild::pending_ = nullptr;
thread_local NewRoots* NewRoots::innermost_ = nullptr;

}  // namespace hollow::nn
