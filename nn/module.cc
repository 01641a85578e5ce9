#include "nn/module.h"

#include <algorithm>
#include <new>
#include <typeinfo>
#include <unordered_set>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "nn/root.h"
#include "nn/write_slot.h"
#include "tensor/empty.h"
#include "tensor/error.h"

namespace hollow::nn {

struct Module::Names : std::unordered_set<absl::string_view, absl::Hash<absl::string_view>> {};

Module::Module() : Module(NextChild::take(this)) {}

Module::Module(const NextChild* birth)
    : path_(birth == nullptr ? absl::string_view() : birth->path()),
      root_(birth == nullptr ? with_op("Module", [&] { return std::make_shared<TreeRoot>(this); })
                             : birth->parent()->root_),
      slots_(root_->memory()) {
  with_op("Module", [&] {
    if (birth == nullptr) NewRoots::note(root_);
    root_->note_scope();
  });
}

Module::~Module() {
  NextChild::forget(this);
  root_->forget(this);
  for (const OwnSlot& slot : slots_) {
    if (!is_born_here(slot)) continue;
    root_->drop_writer(*slot.tensor.storage()->origin());
    if (!slot.tensor.is_meta() || slot.tensor.storage().use_count() == 1) continue;
    try {
      Births::note("add_parameter", slot.tensor);  // another module may hold it
    } catch (const std::bad_alloc&) {
      // Then it is found when it is read.
    }
  }
}

bool Module::is_born_here(const OwnSlot& slot) {
  const absl::string_view born = slot.tensor.storage()->origin()->name;
  // Names are kept once for each slot, so they are the same only where the slot is.
  return born.data() + born.size() == slot.name.data() + slot.name.size();
}

void Module::give_writer(const std::shared_ptr<Storage>& storage) {
  root_->note_given(this, storage);
  storage->origin()->giver = this;
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

Tensor& Module::add_slot(OpName op, absl::string_view name, SlotKind kind, Shape shape,
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
    Writer& kept = tensor.storage()->origin()->writer;
    try {
      if (kept != nullptr) write_slot(op, tensor, Fill::kAll);
      slots_.push_back({last_part(full, name), kind, tensor});
    } catch (...) {
      kept = nullptr;  // it may hold on to this module, and a handle on the tensor may live on
      throw;
    }
    note_name(slots_.back().name);
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
                               "place in the tree; build that with add_child"));
    }
    children_.push_back({last_part(path, name), std::move(child)});
    note_name(children_.back().name);
  });
}

void Module::note_name(absl::string_view name) {
  constexpr size_t kFew = 32;
  if (slots_.size() + children_.size() <= kFew) return;
  try {
    if (names_ == nullptr) {
      auto names = std::make_unique<Names>();
      for (const OwnSlot& slot : slots_) names->insert(slot.name);
      for (const OwnChild& child : children_) names->insert(child.name);
      names_ = std::move(names);
    }
    names_->insert(name);
  } catch (const std::bad_alloc&) {
    names_ = nullptr;  // then they are looked through
  }
}

void Module::check_name(absl::string_view op, absl::string_view name) const {
  if (name.empty() || name.find('.') != absl::string_view::npos) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat("\"", name, "\" in ", title(),
                             " is not a name: it must not be empty, nor have a dot"));
  }
  const bool taken = names_ != nullptr
                         ? names_->contains(name)
                         : find_child(name) != nullptr ||
                               std::any_of(slots_.begin(), slots_.end(),
                                           [&](const OwnSlot& slot) { return slot.name == name; });
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

bool Module::is_kin(const Storage& storage) const {
  return storage.origin() != nullptr && storage.origin()->kin == root_;
}

std::string Module::title() const {
  return path_.empty() ? class_name() : absl::StrCat(class_name(), " \"", path_, "\"");
}

std::string Module::class_name() const { return hollow::class_name(typeid(*this)); }

std::vector<Birth> Module::unlisted() const {
  return with_op("unlisted", [&] {
    std::vector<Birth> births = root_->unlisted();
    if (births.empty()) return births;
    // What was a slot may be one again, by a tie.
    const Module* const whole = root_->module() == nullptr ? this : root_->module();
    const auto slots = whole->storages();
    std::erase_if(births, [&](const Birth& birth) {
      return std::find(slots.begin(), slots.end(), birth.tensor.storage()) != slots.end();
    });
    return births;
  });
}

Tensor Module::forward(const Tensor&) {
  throw Error(ErrorCode::kUnsupported, "forward",
              absl::StrCat(title(), " has no forward(x); override it, or call its children"));
}

}  // namespace hollow::nn
