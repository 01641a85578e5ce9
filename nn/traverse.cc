// The members of Module that look at a tree.

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/module.h"
#include "nn/root.h"
#include "tensor/error.h"

namespace hollow::nn {

void Module::for_each_slot(absl::FunctionRef<void(const std::string&, const OwnSlot&)> function,
                           const std::string& prefix) const {
  for (const OwnSlot& slot : slots_) function(absl::StrCat(prefix, slot.name), slot);
  for (const OwnChild& child : children_) {
    child.module->for_each_slot(function, absl::StrCat(prefix, child.name, "."));
  }
}

std::vector<NamedTensor> Module::list(OpName op,
                                      absl::FunctionRef<bool(const OwnSlot&)> wanted) const {
  return with_op(op, [&] {
    std::vector<NamedTensor> result;
    // Views of one storage are tensors of their own; only the same view twice is one.
    std::unordered_set<const Storage*> seen;
    for_each_slot([&](const std::string& name, const OwnSlot& slot) {
      if (!wanted(slot)) return;
      const bool known = !seen.insert(slot.tensor.storage().get()).second;
      if (known && std::any_of(result.begin(), result.end(), [&](const NamedTensor& each) {
            return each.tensor.is_same(slot.tensor);
          })) {
        return;
      }
      result.push_back({name, slot.tensor});
    });
    return result;
  });
}

std::vector<NamedTensor> Module::named_parameters() const {
  return list("named_parameters",
              [](const OwnSlot& slot) { return slot.kind == SlotKind::kParameter; });
}

std::vector<NamedTensor> Module::named_buffers() const {
  return list("named_buffers",
              [](const OwnSlot& slot) { return slot.kind != SlotKind::kParameter; });
}

std::vector<NamedTensor> Module::state_dict() const {
  return with_op("state_dict", [&] {
    std::vector<NamedTensor> result;
    for_each_slot([&](const std::string& name, const OwnSlot& slot) {
      if (slot.kind != SlotKind::kBuffer) result.push_back({name, slot.tensor});
    });
    return result;
  });
}

std::vector<NamedSlot> Module::named_slots() const {
  return with_op("named_slots", [&] {
    std::vector<NamedSlot> result;
    for_each_slot([&](const std::string& name, const OwnSlot& slot) {
      result.push_back({name, slot.kind, slot.tensor});
    });
    return result;
  });
}

std::vector<std::shared_ptr<Storage>> Module::storages(Recurse recurse) const {
  return with_op("storages", [&] {
    std::vector<std::shared_ptr<Storage>> declared, computed;
    std::unordered_set<const Storage*> seen;
    std::unordered_set<const Module*> visited;
    const auto visit = [&](const auto& self, const Module& module) -> void {
      if (!visited.insert(&module).second) return;
      if (recurse == Recurse::kYes) {
        for (const OwnChild& child : module.children_) self(self, *child.module);
      }
      for (const OwnSlot& slot : module.slots_) {
        const std::shared_ptr<Storage>& storage = slot.tensor.storage();
        if (!seen.insert(storage.get()).second) continue;
        (storage->origin()->computed ? computed : declared).push_back(storage);
      }
    };
    visit(visit, *this);
    declared.insert(declared.end(), computed.begin(), computed.end());
    return declared;
  });
}

std::vector<std::shared_ptr<Storage>> Module::tree() const {
  std::vector<std::shared_ptr<Storage>> result;
  std::unordered_set<const Storage*> seen;
  const auto add = [&](const Module* module) {
    if (module == nullptr || module->root_ != root_) return;
    for (std::shared_ptr<Storage>& storage : module->storages()) {
      if (seen.insert(storage.get()).second) result.push_back(std::move(storage));
    }
  };
  add(root_->module());
  for (const NextChild* next = NextChild::innermost(); next != nullptr; next = next->outer()) {
    add(next->module());
  }
  for (const std::shared_ptr<const Module>& module : root_->shared()) add(module.get());
  add(this);
  return result;
}

std::vector<Tensor> Module::unfinished() const {
  // Of a storage that was declared elsewhere, what is here may be a view that has its values.
  std::unordered_map<const Storage*, Tensor> lacking;
  for_each_slot([&](const std::string&, const OwnSlot& slot) {
    if (slot.tensor.is_initialized()) return;
    Tensor& widest = lacking.emplace(slot.tensor.storage().get(), slot.tensor).first->second;
    if (slot.tensor.numel() > widest.numel()) widest = slot.tensor;
  });
  std::vector<Tensor> result;
  for (const std::shared_ptr<Storage>& storage : storages(Recurse::kYes)) {
    const auto found = lacking.find(storage.get());
    if (found != lacking.end()) result.push_back(found->second);
  }
  return result;
}

Module* Module::find_child(absl::string_view name) const {
  // From the last one on: who looks a child up has often just built it.
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->name == name) return child->module.get();
  }
  return nullptr;
}

Module::OwnSlot* Module::find_own_slot(absl::string_view name) {
  for (OwnSlot& slot : slots_) {
    if (slot.name == name) return &slot;
  }
  return nullptr;
}

const Module::OwnSlot* Module::find_slot(absl::string_view name) const {
  for (const OwnSlot& slot : slots_) {
    if (slot.name == name) return &slot;
  }
  const size_t dot = name.find('.');
  if (dot == absl::string_view::npos) return nullptr;
  const Module* const child = find_child(name.substr(0, dot));
  return child == nullptr ? nullptr : child->find_slot(name.substr(dot + 1));
}

const Module::OwnSlot& Module::get_slot(absl::string_view op, absl::string_view name) const {
  const OwnSlot* const slot = find_slot(name);
  if (slot != nullptr) return *slot;
  std::vector<std::string> names;
  for_each_slot([&](const std::string& each, const OwnSlot&) { names.push_back(each); });
  throw Error(ErrorCode::kKey, op,
              absl::StrCat(title(), " has no slot \"", name,
                           "\"; it has: ", names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

const Tensor& Module::get_parameter(absl::string_view name) const {
  const OwnSlot& slot = get_slot("get_parameter", name);
  if (slot.kind == SlotKind::kParameter) return slot.tensor;
  throw Error(ErrorCode::kKey, "get_parameter",
              absl::StrCat("\"", name, "\" is a buffer; get_buffer() gives it"));
}

const Tensor& Module::get_buffer(absl::string_view name) const {
  const OwnSlot& slot = get_slot("get_buffer", name);
  if (slot.kind != SlotKind::kParameter) return slot.tensor;
  throw Error(ErrorCode::kKey, "get_buffer",
              absl::StrCat("\"", name, "\" is a parameter; get_parameter() gives it"));
}

Module& Module::get_submodule(absl::string_view name) {
  Module* module = this;
  if (name.empty()) return *module;
  for (absl::string_view rest = name;;) {
    const size_t dot = rest.find('.');
    Module* const child = module->find_child(rest.substr(0, dot));
    if (child == nullptr) {
      const std::string children = absl::StrJoin(
          module->children_, ", ",
          [](std::string* out, const OwnChild& each) { absl::StrAppend(out, each.name); });
      throw Error(ErrorCode::kKey, "get_submodule",
                  absl::StrCat(title(), " has no module \"", name, "\": ", module->title(),
                               " has no child \"", rest.substr(0, dot),
                               "\"; it has: ", children.empty() ? "none" : children));
    }
    module = child;
    if (dot == absl::string_view::npos) return *module;
    rest.remove_prefix(dot + 1);
  }
}

std::vector<Module*> Module::children() const {
  return with_op("children", [&] {
    std::vector<Module*> result;
    std::unordered_set<const Module*> seen;
    for (const OwnChild& child : children_) {
      if (seen.insert(child.module.get()).second) result.push_back(child.module.get());
    }
    return result;
  });
}

std::vector<Module*> Module::modules() {
  return with_op("modules", [&] {
    std::vector<Module*> result;
    std::unordered_set<const Module*> seen;
    const auto visit = [&](const auto& self, Module& module) -> void {
      if (!seen.insert(&module).second) return;
      result.push_back(&module);
      for (const OwnChild& child : module.children_) self(self, *child.module);
    };
    visit(visit, *this);
    return result;
  });
}

void Module::apply(absl::FunctionRef<void(Module&)> function) {
  std::unordered_set<const Module*> seen;
  const auto visit = [&](const auto& self, Module& module) -> void {
    const bool is_new = with_op("apply", [&] { return seen.insert(&module).second; });
    if (!is_new) return;
    for (size_t i = 0; i < module.children_.size(); ++i) self(self, *module.children_[i].module);
    function(module);
  };
  visit(visit, *this);
}

}  // namespace hollow::nn
