// What the modules of a tree share, and how a child comes to know its parent. Internal to nn/.
#ifndef HOLLOW_NN_ROOT_H_
#define HOLLOW_NN_ROOT_H_

#include <memory>
#include <memory_resource>
#include <mutex>
#include <set>
#include <unordered_map>
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
class Module::TreeRoot : public Kin {
 public:
  explicit TreeRoot(const Module* module);

  RngKey key() const { return key_; }

  // For what lives as long as the tree does; given back with the last tensor of it.
  std::pmr::memory_resource* memory() { return &memory_; }

  // A name below a path.
  absl::string_view keep(absl::string_view path, absl::string_view name);

  // Null once it is gone.
  const Module* module() const { return module_; }

  std::vector<Tensor> unfinished() const override;
  bool has_writer(const Origin& origin) const override;
  std::vector<Birth> unlisted() const;
  // A slot's tensor, of which somebody has a handle, is no slot any more.
  void note_orphan(const Tensor& tensor);
  // This thread's meta scope, if it is in one, is one that the tree is built in.
  void note_scope() {
    const std::shared_ptr<Births>& now = Births::current();
    if (now != nullptr && (scopes_.empty() || scopes_.back() != now)) scopes_.push_back(now);
  }

  // A module of the tree has a second parent, by which it may outlive the root.
  void note_shared(const std::shared_ptr<Module>& module) { shared_.push_back(module); }
  // Those that are alive.
  std::vector<std::shared_ptr<const Module>> shared() const;

  // The storage has a writer that the module gave, and that dies with it at the latest.
  void note_given(const Module* giver, const std::shared_ptr<Storage>& storage);

  // The module is about to die: drops the writers that it gave. If it is the root, waits for
  // another thread's error that is looking through the tree.
  void forget(const Module* module);
  // Drops one.
  void drop_writer(Origin& origin);

 private:
  static constexpr size_t kFirstBytes = 512;

  std::pmr::monotonic_buffer_resource memory_{kFirstBytes};
  const RngKey key_;
  std::vector<std::shared_ptr<const Births>> scopes_;
  std::vector<std::weak_ptr<Storage>> orphans_;
  std::vector<std::weak_ptr<const Module>> shared_;
  mutable std::mutex mutex_;
  const Module* module_;
  // By the module that gave the writer, where that is not the slot's own.
  using Given = std::set<std::weak_ptr<Storage>, std::owner_less<>>;
  std::unordered_map<const Module*, Given> given_;
};

// The roots that this thread makes while it lives, for check_deferred. Nests.
class NewRoots {
 public:
  NewRoots() : outer_(innermost_) { innermost_ = this; }
  ~NewRoots() { innermost_ = outer_; }
  NewRoots(const NewRoots&) = delete;
  NewRoots& operator=(const NewRoots&) = delete;

  static void note(const std::shared_ptr<Module::TreeRoot>& root) {
    if (innermost_ != nullptr) innermost_->roots_.push_back(root);
  }

  // Those of modules that are alive.
  std::vector<const Module*> modules() const {
    std::vector<const Module*> alive;
    for (const std::weak_ptr<Module::TreeRoot>& each : roots_) {
      const std::shared_ptr<Module::TreeRoot> root = each.lock();
      if (root != nullptr && root->module() != nullptr) alive.push_back(root->module());
    }
    return alive;
  }

 private:
  static thread_local NewRoots* innermost_;

  NewRoots* const outer_;
  std::vector<std::weak_ptr<Module::TreeRoot>> roots_;
};

// Of a qualified name, where it ends in that name.
inline absl::string_view last_part(absl::string_view qualified, absl::string_view name) {
  return qualified.substr(qualified.size() - name.size());
}

// Tells the base constructor of the child that is being built who its parent is. It must be the
// next Module constructor of the thread, and is: bases come before members.
class Module::NextChild {
 public:
  NextChild(Module* parent, absl::string_view path)
      : parent_(parent), path_(path), place_(path), outer_(pending_) {
    pending_ = this;
  }
  ~NextChild() { pending_ = outer_; }
  NextChild(const NextChild&) = delete;
  NextChild& operator=(const NextChild&) = delete;

  // The pending child, once, which the module becomes; null for a root.
  static const NextChild* take(Module* module) {
    if (pending_ == nullptr || pending_->taken_) return nullptr;
    pending_->taken_ = true;
    pending_->module_ = module;
    return pending_;
  }
  // The module is about to die.
  static void forget(const Module* module) {
    for (NextChild* next = pending_; next != nullptr; next = next->outer_) {
      if (next->module_ == module) next->module_ = nullptr;
    }
  }

  // The child that this thread builds at the innermost, and those that it is being built for, whom
  // no parent lists yet.
  static const NextChild* innermost() { return pending_; }
  const NextChild* outer() const { return outer_; }

  Module* parent() const { return parent_; }
  absl::string_view path() const { return path_; }
  // Null before its base constructor runs, and once it is gone.
  Module* module() const { return module_; }

 private:
  static thread_local NextChild* pending_;

  Module* parent_;
  absl::string_view path_;
  const BirthPlace place_;
  NextChild* outer_;
  bool taken_ = false;
  Module* module_ = nullptr;
};

}  // namespace hollow::nn

#endif  // HOLLOW_NN_ROOT_H_
