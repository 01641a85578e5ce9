#include "nn/module.h"

#include <algorithm>
#include <cstring>
#include <memory_resource>
#include <mutex>
#include <typeinfo>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/write_slot.h"
#include "tensor/describe.h"
#include "tensor/empty.h"
#include "tensor/error.h"

namespace hollow::nn {

// What all modules of a tree share: the way from any of its tensors to all of them. Outlives the
// modules where a tensor does.
class Module::Root : public Kin {
  static constexpr size_t kFirstBytes = 512;

 public:
  explicit Root(const Module* module)
      : key_(default_rng_key()), births_(Births::current()), module_(module) {}

  RngKey key() const { return key_; }

  // For what lives as long as the tree does; given back with the last tensor of it.
  std::pmr::memory_resource* memory() { return &memory_; }

  // A name below a path.
  absl::string_view keep(absl::string_view path, absl::string_view name) {
    const size_t head = path.empty() ? 0 : path.size() + 1;
    char* const text = static_cast<char*>(memory_.allocate(head + name.size(), 1));
    if (head > 0) {
      std::memcpy(text, path.data(), path.size());
      text[path.size()] = '.';
    }
    if (!name.empty()) std::memcpy(text + head, name.data(), name.size());
    return absl::string_view(text, head + name.size());
  }

  std::vector<Birth> unlisted() const {
    return births_ == nullptr ? std::vector<Birth>() : births_->unlisted();
  }

  std::vector<Tensor> unfinished() const override {
    const std::lock_guard lock(mutex_);
    return module_ == nullptr ? std::vector<Tensor>() : module_->unfinished();
  }
  // The module, if it is the root, is about to die. Waits for another thread's error that is
  // looking through the tree.
  void forget(const Module* module) {
    while (true) {
      std::shared_ptr<Storage> storage;
      {
        const std::lock_guard lock(mutex_);
        if (module == module_) module_ = nullptr;
        const auto given = std::find_if(given_.begin(), given_.end(),
                                        [&](const Given& each) { return each.module == module; });
        if (given == given_.end()) return;
        storage = given->storage.lock();
        given_.erase(given);
      }
      // What the writer holds may be a module of this tree, so not under the lock.
      if (storage != nullptr) storage->origin()->writer = nullptr;
    }
  }

  // From now on the storage's writer is that module's.
  void note_given(const Module* module, const std::shared_ptr<Storage>& storage) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(given_.begin(), given_.end(), [&](const Given& each) {
      return each.storage.lock() == storage;
    });
    if (known == given_.end()) {
      given_.push_back({module, storage});
    } else {
      known->module = module;
    }
  }

  const Module* module() const { return module_; }

 private:
  // A writer that another module than the slot's gave, or that a slot left behind.
  struct Given {
    const Module* module;
    std::weak_ptr<Storage> storage;
  };

  std::pmr::monotonic_buffer_resource memory_{kFirstBytes};
  const RngKey key_;
  const std::shared_ptr<const Births> births_;
  mutable std::mutex mutex_;
  const Module* module_;
  std::vector<Given> given_;
};

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

thread_local Module::NextChild* Module::NextChild::pending_ = nullptr;

Module::Module() : Module(NextChild::take()) {}

Module::Module(const NextChild* birth)
    : path_(birth == nullptr ? absl::string_view() : birth->path()),
      root_(birth == nullptr ? std::make_shared<Root>(this) : birth->parent()->root_),
      slots_(root_->memory()) {}

Module::~Module() {
  root_->forget(this);
  for (const Slot& slot : slots_) forget_writer(slot);
}

void Module::forget_writer(const Slot& slot) {
  Origin* const origin = slot.tensor.storage()->origin();
  // Names are kept once for each slot, so they are the same only where the slot is.
  const bool born_here =
      origin->name.data() + origin->name.size() == slot.name.data() + slot.name.size();
  if (born_here) origin->writer = nullptr;
}

void Module::note_writer_given(const std::shared_ptr<Storage>& storage) {
  root_->note_given(this, storage);
}

bool Module::is_tied(const Slot& slot) const {
  bool tied = false;
  const auto look = [&](const std::string&, const Slot& other) {
    tied = tied || (&other != &slot && other.tensor.storage() == slot.tensor.storage());
  };
  for_each_slot(look);
  // A tree that is still being built does not reach from its root to here.
  if (root_->module() != nullptr) root_->module()->for_each_slot(look);
  return tied;
}

Tensor& Module::add_parameter(absl::string_view name, Shape shape, Writer writer,
                              const ParameterOptions& options) {
  return add_slot("add_parameter", name, SlotKind::kParameter, std::move(shape), std::move(writer),
                  {.dtype = options.dtype,
                   .device = options.device,
                   .requires_grad = options.requires_grad && is_floating_point(options.dtype)});
}

Tensor& Module::add_buffer(absl::string_view name, Shape shape, Writer writer,
                           Persistent persistent, const TensorOptions& options) {
  if (persistent == Persistent::kNo && writer == nullptr) {
    throw Error(ErrorCode::kWriter, "add_buffer",
                absl::StrCat("\"", qualified(name), "\" of ", class_name(),
                             " is not in the state dict and has no writer, so its values could "
                             "never come back; give the function that computes it"));
  }
  return add_slot("add_buffer", name,
                  persistent == Persistent::kYes ? SlotKind::kPersistentBuffer : SlotKind::kBuffer,
                  std::move(shape), std::move(writer), options);
}

Tensor& Module::add_slot(absl::string_view op, absl::string_view name, SlotKind kind, Shape shape,
                         Writer writer, const TensorOptions& options) {
  return with_op(op, [&]() -> Tensor& {
    check_name(op, name);
    const absl::string_view full = qualified(name);
    Tensor tensor = [&] {
      try {
        return empty_slot(op,
                          {.name = full,
                           .key = root_->key(),
                           .writer = std::move(writer),
                           .shape = std::move(shape),
                           .kin = root_,
                           .declared_by = &typeid(*this),
                           .computed = kind == SlotKind::kBuffer},
                          options);
      } catch (const Error& error) {
        throw Error(error.code(), op, absl::StrCat("\"", full, "\": ", error.message()));
      }
    }();
    const std::shared_ptr<Storage> storage = tensor.storage();
    Writer& kept = storage->origin()->writer;
    try {
      if (kept != nullptr) write_slot(op, storage, Fill::kAll);
      slots_.push_back({full.substr(full.size() - name.size()), kind, std::move(tensor)});
    } catch (...) {
      kept = nullptr;  // it may hold on to this module, and a handle on the tensor may live on
      throw;
    }
    return slots_.back().tensor;
  });
}

void Module::build_child(absl::string_view op, absl::string_view name,
                         absl::FunctionRef<std::shared_ptr<Module>()> build) {
  with_op(op, [&] {
    check_name(op, name);
    const absl::string_view path = qualified(name);
    const NextChild next(this, path);
    std::shared_ptr<Module> child = build();
    if (child->path_.data() != path.data()) {
      throw Error(ErrorCode::kKey, op,
                  absl::StrCat(child->class_name(), " \"", path,
                               "\" built another module before its own base class, which took its "
                               "place in the tree; build modules with add_child or as members"));
    }
    children_.push_back({path.substr(path.size() - name.size()), std::move(child)});
  });
}

void Module::share(absl::string_view name, Module& child) {
  with_op("share_child", [&] {
    check_name("share_child", name);
    std::shared_ptr<Module> owner = child.weak_from_this().lock();
    if (owner == nullptr || child.path_.empty()) {
      throw Error(ErrorCode::kKey, "share_child",
                  absl::StrCat(child.title(),
                               " was not built by add_child: it is a root, whose random keys every "
                               "other root has too; build it with add_child, and share that"));
    }
    const std::vector<Module*> below = child.modules();
    if (std::find(below.begin(), below.end(), this) != below.end()) {
      throw Error(ErrorCode::kKey, "share_child",
                  absl::StrCat(title(), " is a part of ", child.title(),
                               ", which can therefore not become its child"));
    }
    const absl::string_view path = qualified(name);
    children_.push_back({path.substr(path.size() - name.size()), std::move(owner)});
  });
}

Tensor& Module::share_parameter(absl::string_view name, const Tensor& parameter) {
  return share_slot("share_parameter", name, SlotKind::kParameter, parameter);
}

Tensor& Module::share_buffer(absl::string_view name, const Tensor& tensor, Persistent persistent) {
  return share_slot(
      "share_buffer", name,
      persistent == Persistent::kYes ? SlotKind::kPersistentBuffer : SlotKind::kBuffer, tensor);
}

Tensor& Module::share_slot(absl::string_view op, absl::string_view name, SlotKind kind,
                           const Tensor& tensor) {
  return with_op(op, [&]() -> Tensor& {
    if (tensor.storage()->origin() == nullptr) {
      throw Error(ErrorCode::kKey, op,
                  absl::StrCat(describe(tensor),
                               " was declared by no module, so nothing could reset it; declare it "
                               "with add_parameter or add_buffer, and fill it with copy_()"));
    }
    if (tensor.storage()->origin()->computed && kind != SlotKind::kBuffer) {
      throw Error(
          ErrorCode::kKey, op,
          absl::StrCat(describe(tensor), " is computed by its writer after every load, so \"",
                       qualified(name),
                       "\" cannot be in the state dict; share it with "
                       "share_buffer, not persistent"));
    }
    Slot* const slot = find_own_slot(name);
    if (slot == nullptr) {
      check_name(op, name);
      const absl::string_view full = qualified(name);
      slots_.push_back({full.substr(full.size() - name.size()), kind, tensor});
      return slots_.back().tensor;
    }
    if (slot->kind != kind) {
      throw Error(ErrorCode::kKey, op,
                  absl::StrCat("\"", qualified(name), "\" of ", class_name(),
                               " is a slot of another kind; a parameter is tied with "
                               "share_parameter, and a buffer with share_buffer, persistent or not "
                               "as it was declared"));
    }
    Tensor& own = slot->tensor;
    if (own.shape() != tensor.shape() || own.dtype() != tensor.dtype()) {
      throw Error(own.shape() != tensor.shape() ? ErrorCode::kShape : ErrorCode::kDType, op,
                  absl::StrCat(describe(own), " cannot be tied to ", describe(tensor),
                               "; shape and dtype must agree"));
    }
    if (own.storage() != tensor.storage()) {
      if (is_tied(*slot)) {
        note_writer_given(own.storage());  // others still need it
      } else {
        forget_writer(*slot);
      }
    }
    return own = tensor;
  });
}

void Module::check_name(absl::string_view op, absl::string_view name) const {
  if (name.empty() || std::count(name.begin(), name.end(), '.') > 0) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat("\"", name, "\" in ", title(),
                             " is not a name: it must not be empty, nor have a dot"));
  }
  const bool taken = std::any_of(slots_.begin(), slots_.end(),
                                 [&](const Slot& slot) { return slot.name == name; }) ||
                     find_child(name) != nullptr;
  if (taken) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat("\"", qualified(name), "\" is already a slot or child of ",
                             class_name(), "; give it another name"));
  }
}

absl::string_view Module::qualified(absl::string_view name) const {
  return root_->keep(path_, name);
}

RngKey Module::rng_key() const { return path_.empty() ? root_->key() : root_->key() / path_; }

std::string Module::title() const {
  return path_.empty() ? class_name() : absl::StrCat(class_name(), " \"", path_, "\"");
}

std::string Module::class_name() const { return hollow::class_name(typeid(*this)); }

std::vector<Birth> Module::unlisted() const { return root_->unlisted(); }

Tensor Module::forward(const Tensor&) {
  throw Error(ErrorCode::kUnsupported, "forward", absl::StrCat(title(), " has no forward(x)"));
}

}  // namespace hollow::nn
