#include "nn/root.h"

#include <cstring>
#include <utility>

namespace hollow::nn {

Module::Root::Root(const Module* module)
    : key_(default_rng_key()), births_(Births::current()), module_(module) {}

absl::string_view Module::Root::keep(absl::string_view path, absl::string_view name) {
  const size_t head = path.empty() ? 0 : path.size() + 1;
  char* const text = static_cast<char*>(memory_.allocate(head + name.size(), 1));
  if (head > 0) {
    std::memcpy(text, path.data(), path.size());
    text[path.size()] = '.';
  }
  if (!name.empty()) std::memcpy(text + head, name.data(), name.size());
  return absl::string_view(text, head + name.size());
}

std::vector<Tensor> Module::Root::unfinished() const {
  const std::lock_guard lock(mutex_);
  return module_ == nullptr ? std::vector<Tensor>() : module_->unfinished();
}

bool Module::Root::has_writer(const Origin& origin) const {
  const std::lock_guard lock(mutex_);
  return origin.writer != nullptr;
}

void Module::Root::drop_writer(Origin& origin) {
  Writer dropped;  // what it holds may be a module of this tree, so it dies outside of the lock
  const std::lock_guard lock(mutex_);
  std::swap(dropped, origin.writer);
}

std::vector<Birth> Module::Root::unlisted() const {
  return births_ == nullptr ? std::vector<Birth>() : births_->unlisted();
}

void Module::Root::note_given(const Module* giver, const std::shared_ptr<Storage>& storage) {
  const std::lock_guard lock(mutex_);
  given_[giver].insert(storage);
}

void Module::Root::forget(const Module* module) {
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
