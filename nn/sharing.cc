// The members of Module that give a storage, or a module, a second name.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "nn/computed.h"
#include "nn/root.h"
#include "tensor/describe.h"
#include "tensor/error.h"

namespace hollow::nn {

bool Module::is_part_of(Module& whole) {
  const auto is_in = [](Module* part, Module& all) {
    const std::vector<Module*> below = all.modules();
    return std::find(below.begin(), below.end(), part) != below.end();
  };
  // From here up by the parents that do not list their child yet.
  Module* top = this;
  for (const NextChild* next = NextChild::innermost(); next != nullptr; next = next->outer()) {
    if (is_in(top, whole)) return true;
    if (next->module() != nullptr && is_in(top, *next->module())) top = next->parent();
  }
  return is_in(top, whole);
}

void Module::share(absl::string_view name, Module& child) {
  with_op("share_child", [&] {
    check_name("share_child", name);
    if (is_part_of(child)) {
      throw Error(
          ErrorCode::kKey, "share_child",
          absl::StrCat(
              title(), " is a part of ", child.title(),
              ", which can therefore not become its child; share a module that is not above it"));
    }
    std::shared_ptr<Module> owner = child.weak_from_this().lock();
    if (owner == nullptr || child.path_.empty()) {
      throw Error(ErrorCode::kKey, "share_child",
                  absl::StrCat(child.title(),
                               " was not built by add_child: it is a root, whose random keys every "
                               "other root has too; build it with add_child, and share that"));
    }
    const absl::string_view path = qualified(name);
    child.root_->note_shared(owner);
    children_.push_back({last_part(path, name), std::move(owner)});
    note_name(children_.back().name);
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

Tensor& Module::share_slot(OpName op, absl::string_view name, SlotKind kind, const Tensor& tensor) {
  return with_op(op, [&]() -> Tensor& {
    if (tensor.storage()->origin() == nullptr) {
      throw Error(ErrorCode::kKey, op,
                  absl::StrCat(describe(tensor),
                               " was declared by no module, so nothing could reset it; declare it "
                               "with add_parameter or add_buffer, and a writer that copies it"));
    }
    if (tensor.storage()->origin()->computed && kind != SlotKind::kBuffer) {
      throw Error(
          ErrorCode::kKey, op,
          absl::StrCat(describe(tensor), " is computed by its writer after every load, so \"",
                       qualified(name),
                       "\" cannot be in the state dict; share it with "
                       "share_buffer, not persistent"));
    }
    if (tensor.layout().repeats() && kind != SlotKind::kBuffer) {
      throw Error(ErrorCode::kAlias, op,
                  absl::StrCat(describe(tensor), " was expanded, so nothing could be loaded to \"",
                               qualified(name),
                               "\"; share the tensor it was expanded from, or share it with "
                               "share_buffer, not persistent"));
    }
    OwnSlot* const slot = find_own_slot(name);
    if (slot == nullptr) {
      check_name(op, name);
      const absl::string_view full = qualified(name);
      slots_.push_back({last_part(full, name), kind, tensor});
      note_name(slots_.back().name);
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
    if (own.is_same(tensor)) return own;
    const Storage& old = *own.storage();
    const bool had_values = old.has_values() || old.changed_at() > 0;
    Storages tree = old.has_values() ? this->tree() : Storages();
    const Storages computed = computed_after(tree, &old);
    tree.push_back(tensor.storage());
    point(*slot, tensor);
    if (had_values) own.storage()->note_change();
    listing_unfinished(op, computed, kMaterializes, [&] { compute_anew(op, computed, tree); });
    return own;
  });
}

void Module::point(OwnSlot& slot, const Tensor& tensor) {
  const std::shared_ptr<Storage>& own = slot.tensor.storage();
  // What others hold keeps its writer, as long as it would have had it here.
  if (own != tensor.storage() && is_born_here(slot) && own.use_count() > 1) {
    give_writer(own);
    root_->note_orphan(slot.tensor);
  }
  slot.tensor = tensor;
}

}  // namespace hollow::nn
