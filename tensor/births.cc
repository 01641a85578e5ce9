#include "tensor/births.h"

#include <algorithm>

#include "tensor/device.h"

namespace hollow {

const std::shared_ptr<Births>& Births::own() {
  struct Own {
    uint64_t scope = 0;
    std::shared_ptr<Births> births;
  };
  static thread_local Own own;
  if (const uint64_t now = meta_scope_number(); now != own.scope) {
    own = {now, now == 0 ? nullptr : std::make_shared<Births>()};
  }
  return own.births;
}

std::shared_ptr<const Births> Births::current() { return own(); }

void Births::note(absl::string_view op, const Tensor& tensor) {
  if (meta_scope_number() != 0) own()->add(op, tensor);
}

void Births::add(absl::string_view op, const Tensor& tensor) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() == entries_.capacity()) {
    // Most die young. What stays is at most as much again as what lives.
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [](const Entry& entry) { return entry.storage.expired(); }),
                   entries_.end());
    entries_.reserve(std::max<size_t>(6, 2 * entries_.size()));
  }
  entries_.emplace_back(op, tensor);
}

std::vector<Birth> Births::unlisted() const {
  const std::lock_guard lock(mutex_);
  std::vector<Birth> result;
  for (const Entry& entry : entries_) {
    std::shared_ptr<Storage> storage = entry.storage.lock();
    if (storage == nullptr || storage->state() != State::kMeta) continue;
    Layout layout = {entry.shape, contiguous_strides(entry.shape), 0};
    result.push_back(
        {Tensor(std::move(storage), std::move(layout)), std::string(entry.op), entry.within});
  }
  return result;
}

thread_local const BirthPlace* BirthPlace::innermost_ = nullptr;

BirthPlace::BirthPlace(absl::string_view path) : path_(path), outer_(innermost_) {
  innermost_ = this;
}

BirthPlace::~BirthPlace() { innermost_ = outer_; }

absl::string_view BirthPlace::current() {
  return innermost_ == nullptr ? absl::string_view() : innermost_->path_;
}

}  // namespace hollow
