#include "tensor/births.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tensor/describe.h"
#include "tensor/device.h"
#include "tensor/origin.h"

namespace hollow {

const std::shared_ptr<Births>& Births::current() {
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

void Births::note(OpName op, const Tensor& tensor) {
  if (const std::shared_ptr<Births>& births = current(); births != nullptr) births->add(op, tensor);
}

void Births::add(OpName op, const Tensor& tensor) {
  if (count_.load(std::memory_order_relaxed) == entries_.size()) make_room();
  const size_t count = count_.load(std::memory_order_relaxed);
  entries_[count].emplace(op, tensor);
  count_.store(count + 1, std::memory_order_release);
}

void Births::make_room() {
  constexpr size_t kFewest = 16;
  const std::lock_guard lock(mutex_);
  // Most die young. What stays is at most as much again as what lives.
  const auto end = std::remove_if(entries_.begin(), entries_.end(),
                                  [](const auto& entry) { return entry->storage.expired(); });
  const auto count = static_cast<size_t>(end - entries_.begin());
  count_.store(count, std::memory_order_relaxed);
  entries_.resize(std::max(kFewest, 2 * count));
}

std::vector<Birth> Births::unlisted() const {
  const std::lock_guard lock(mutex_);
  std::vector<Birth> result;
  const size_t count = count_.load(std::memory_order_acquire);
  for (const auto& entry : absl::MakeConstSpan(entries_.data(), count)) {
    std::shared_ptr<Storage> storage = entry->storage.lock();
    if (storage == nullptr || storage->state() != State::kMeta) continue;
    Layout layout = {entry->shape, contiguous_strides(entry->shape), 0};
    result.push_back({Tensor(std::move(storage), std::move(layout)), std::string(entry->op.text()),
                      entry->within});
  }
  return result;
}

std::string describe(const Birth& birth) {
  const Origin* const origin = birth.tensor.storage()->origin();
  if (origin != nullptr) {
    return absl::StrCat(describe(birth.tensor), ", which ", declared_by(*origin),
                        " declared, is no slot any more: the module was tied to another tensor, or "
                        "is gone; take the tensor that it has now");
  }
  return absl::StrCat(
      describe(birth.tensor), ", made by ", birth.op, "()",
      birth.within.empty() ? "" : absl::StrCat(" while \"", birth.within, "\" was built"),
      ": declare it with add_buffer");
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
