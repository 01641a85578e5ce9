// What the modules of a tree share, and how a child comes to know its parent. Internal to nn/.
#ifndef HOLLOW_NN_ROOT_H_
#define HOLLOW_NN_ROOT_H_

#include <memory>
#include <memory_resource>
#include <mutex>
#include <vector>

#include "absl/strings/string_view.h"
#include "nn/module.h"
#include "tensor/births.h"
#include "tensor/origin.h"
#include "tensor/rng_key.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace hollow::nn {

// The way from any tensor of a tree to all of them, and the memory of its names and slots. Outlives
// the modules where a tensor does.
class Module::Root : public Kin {
 public:
  explicit Root(const Module* module);

  RngKey key() const { return key_; }

  // For what lives as long as the tree does; given back with the last tensor of it.
  std::pmr::memory_resource* memory() { return &memory_; }

  // A name below a path.
  absl::string_view keep(absl::string_view path, absl::string_view name);

  // Null once it is gone.
  const Module* module() const { return module_; }

  std::vector<Tensor> unfinished() const override;
  std::vector<Birth> unlisted() const;

  // The storage has a writer that this module gave, and that dies with it at the latest.
  void note_given(const std::shared_ptr<Storage>& storage);

  // The module is about to die: drops the writers that it gave. If it is the root, waits for
  // another thread's error that is looking through the tree.
  void forget(const Module* module);

 private:
  static constexpr size_t kFirstBytes = 512;

  std::pmr::monotonic_buffer_resource memory_{kFirstBytes};
  const RngKey key_;
  const std::shared_ptr<const Births> births_;
  mutable std::mutex mutex_;
  const Module* module_;
  // Of whose writers the giver is not the slot's own module.
  std::vector<std::weak_ptr<Storage>> given_;
};

// Of a qualified name, where it ends in that name.
inline absl::string_view last_part(absl::string_view qualified, absl::string_view name) {
  return qualified.substr(qualified.size() - name.size());
}

// Tells the base constructor of the child that is being built who its parent is. It must be the
// next Module constructor of the thread, and is: bases come before members.
class Module::NextChild {
 public:
  NextChild(const Module* parent, absl::string_view path)
      : parent_(parent), path_(path), place_(path), outer_(pending_) {
    pending_ = this;
  }
  ~NextChild() { pending_ = outer_; }
  NextChild(const NextChild&) = delete;
  NextChild& operator=(const NextChild&) = delete;

  // The pending child, once; null for a root.
  static const NextChild* take() {
    if (pending_ == nullptr || pending_->taken_) return nullptr;
    pending_->taken_ = true;
    return pending_;
  }

  const Module* parent() const { return parent_; }
  absl::string_view path() const { return path_; }

 private:
  static thread_local NextChild* pending_;

  const Module* parent_;
  absl::string_view path_;
  const BirthPlace place_;
  NextChild* outer_;
  bool taken_ = false;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_ROOT_H_
