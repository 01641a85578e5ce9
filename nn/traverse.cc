// The members of Module that look at a tree.

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nn/module.h"
#include "tensor/error.h"

namespace hollow::nn {

void Module::for_each_slot(absl::FunctionRef<void(const std::string&, const Slot&)> function,
                           Recurse recurse, const std::string& prefix) const {
  for (const std::unique_ptr<Slot>& slot : slots_) function(prefix + slot->name, *slot);
  if (recurse == Recurse::kNo) return;
  for (const Child& child : children_) {
    child.module->for_each_slot(function, recurse, absl::StrCat(prefix, child.name, "."));
  }
}

std::vector<NamedTensor> Module::list(absl::FunctionRef<bool(const Slot&)> wanted) const {
  std::vector<NamedTensor> result;
  // Views of one storage are tensors of their own; only the same view twice is one.
  absl::flat_hash_set<const Storage*> seen;
  for_each_slot([&](const std::string& name, const Slot& slot) {
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
}

std::vector<NamedTensor> Module::named_parameters() const {
  return list([](const Slot& slot) { return slot.kind == Kind::kParameter; });
}

std::vector<NamedTensor> Module::named_buffers() const {
  return list([](const Slot& slot) { return slot.kind != Kind::kParameter; });
}

std::vector<NamedTensor> Module::state_dict() const {
  std::vector<NamedTensor> result;
  for_each_slot([&](const std::string& name, const Slot& slot) {
    if (slot.kind != Kind::kBuffer) result.push_back({name, slot.tensor});
  });
  return result;
}

std::vector<std::shared_ptr<Storage>> Module::storages(Recurse recurse) const {
  std::vector<std::shared_ptr<Storage>> result;
  absl::flat_hash_set<const Storage*> seen;
  const auto visit = [&](const auto& self, const Module& module) -> void {
    if (recurse == Recurse::kYes) {
      for (const Child& child : module.children_) self(self, *child.module);
    }
    for (const std::unique_ptr<Slot>& slot : module.slots_) {
      const std::shared_ptr<Storage>& storage = slot->tensor.storage();
      if (seen.insert(storage.get()).second) result.push_back(storage);
    }
  };
  visit(visit, *this);
  return result;
}

std::vector<Tensor> Module::unfinished() const {
  std::vector<Tensor> result;
  for (const std::shared_ptr<Storage>& storage : storages(Recurse::kYes)) {
    Tensor tensor(storage, storage->origin()->layout);
    if (!tensor.is_initialized()) result.push_back(std::move(tensor));
  }
  return result;
}

const Module::Slot* Module::find_slot(absl::string_view name) const {
  for (const std::unique_ptr<Slot>& slot : slots_) {
    if (slot->name == name) return slot.get();
  }
  const size_t dot = name.find('.');
  if (dot == absl::string_view::npos) return nullptr;
  for (const Child& child : children_) {
    if (child.name == name.substr(0, dot)) return child.module->find_slot(name.substr(dot + 1));
  }
  return nullptr;
}

const Module::Slot& Module::get_slot(absl::string_view op, absl::string_view name) const {
  const Slot* const slot = find_slot(name);
  if (slot != nullptr) return *slot;
  std::vector<std::string> names;
  for_each_slot([&](const std::string& each, const Slot&) { names.push_back(each); });
  throw Error(ErrorCode::kKey, op,
              absl::StrCat(class_name(), " has no slot \"", name,
                           "\"; it has: ", names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

const Tensor& Module::get_parameter(absl::string_view name) const {
  const Slot& slot = get_slot("get_parameter", name);
  if (slot.kind == Kind::kParameter) return slot.tensor;
  throw Error(ErrorCode::kKey, "get_parameter",
              absl::StrCat("\"", name, "\" is a buffer; get_buffer() gives it"));
}

const Tensor& Module::get_buffer(absl::string_view name) const {
  const Slot& slot = get_slot("get_buffer", name);
  if (slot.kind != Kind::kParameter) return slot.tensor;
  throw Error(ErrorCode::kKey, "get_buffer",
              absl::StrCat("\"", name, "\" is a parameter; get_parameter() gives it"));
}

std::vector<Module*> Module::children() const {
  std::vector<Module*> result;
  for (const Child& child : children_) result.push_back(child.module.get());
  return result;
}

std::vector<Module*> Module::modules() {
  std::vector<Module*> result;
  const auto visit = [&](const auto& self, Module& module) -> void {
    result.push_back(&module);
    for (const Child& child : module.children_) self(self, *child.module);
  };
  visit(visit, *this);
  return result;
}

void Module::apply(absl::FunctionRef<void(Module&)> function) {
  for (const Child& child : children_) child.module->apply(function);
  function(*this);
}

}  // namespace hollow::nn
