#include "nn/deep_copy.h"

#include <typeinfo>
#include <unordered_map>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "tensor/describe.h"
#include "tensor/error.h"
#include "tensor/placement.h"

namespace hollow::nn {
namespace {

[[noreturn]] void differs(absl::string_view what) {
  throw Error(ErrorCode::kKey, "deep_copy",
              absl::StrCat("the factory did not build what is to be copied: ", what,
                           "; give the factory, and the options, that built the source"));
}

// Both have the same slots, under the same names.
void check_slots(const Module& source, const std::vector<NamedSlot>& from, const Module& twin,
                 const std::vector<NamedSlot>& to) {
  if (typeid(source) != typeid(twin)) {
    differs(
        absl::StrCat("the source is a ", source.class_name(), ", the copy a ", twin.class_name()));
  }
  for (size_t i = 0; i < std::max(from.size(), to.size()); ++i) {
    if (i >= to.size()) differs(absl::StrCat("the copy has no \"", from[i].name, "\""));
    if (i >= from.size()) differs(absl::StrCat("the source has no \"", to[i].name, "\""));
    if (from[i].name != to[i].name || from[i].kind != to[i].kind) {
      differs(absl::StrCat("slot ", i, " is \"", from[i].name, "\" in the source and \"",
                           to[i].name, "\" in the copy"));
    }
    if (from[i].tensor.shape() != to[i].tensor.shape()) {
      differs(absl::StrCat("\"", from[i].name, "\" is ", to_string(from[i].tensor.shape()),
                           " in the source and ", to_string(to[i].tensor.shape()), " in the copy"));
    }
  }
}

// The part of a qualified name below the path; "" where it is not below it.
std::string name_below(absl::string_view name, const std::string& path) {
  if (path.empty()) return std::string(name);
  const bool below =
      name.size() > path.size() && name[path.size()] == '.' && name.substr(0, path.size()) == path;
  return below ? std::string(name.substr(path.size() + 1)) : "";
}

// `point` makes a slot, of that qualified name, that tensor.
void copy_all(const Module& source, Module& twin,
              absl::FunctionRef<void(absl::string_view, const Tensor&)> point) {
  const std::vector<NamedSlot> from = source.named_slots();
  const std::vector<NamedSlot> to = twin.named_slots();
  check_slots(source, from, twin, to);

  std::unordered_map<const Storage*, std::shared_ptr<Storage>> counterparts;
  std::unordered_map<const Storage*, std::string> owners;
  // By the names of their births: a tie may have left a storage to another name, or a name to
  // another storage. What another root declared has a name there.
  std::unordered_map<std::string, std::shared_ptr<Storage>> by_birth;
  for (const NamedSlot& slot : to) {
    const std::shared_ptr<Storage>& storage = slot.tensor.storage();
    std::string name = name_below(storage->origin()->name, twin.path());
    if (!name.empty() && twin.is_kin(*storage)) by_birth.emplace(std::move(name), storage);
  }
  for (size_t i = 0; i < from.size(); ++i) {
    const std::shared_ptr<Storage>& theirs = from[i].tensor.storage();
    if (counterparts.count(theirs.get()) > 0) continue;
    const Origin& origin = *theirs->origin();
    const auto twins = source.is_kin(*theirs)
                           ? by_birth.find(name_below(origin.name, source.path()))
                           : by_birth.end();
    const std::shared_ptr<Storage>& ours =
        twins != by_birth.end() ? twins->second : to[i].tensor.storage();
    if (ours == theirs) {
      throw Error(ErrorCode::kKey, "deep_copy",
                  absl::StrCat("\"", from[i].name,
                               "\" is tied to a tensor outside of the module, which both would "
                               "share; copy a module that has both, or clone() into a slot here"));
    }
    counterparts.emplace(theirs.get(), ours);
    if (!owners.emplace(ours.get(), from[i].name).second) {
      differs(absl::StrCat("\"", from[i].name, "\" and \"", owners[ours.get()],
                           "\" are tied in the copy alone"));
    }
    if (ours->numel() != theirs->numel()) {
      differs(absl::StrCat("\"", from[i].name, "\" is a view of ", theirs->numel(),
                           " elements in the source, and of ", ours->numel(), " in the copy"));
    }
    duplicate("deep_copy", theirs, *ours);
    Origin& copy = *ours->origin();
    copy.key = key_of(origin);  // of another generation, perhaps, or below another path
    copy.has_own_key = true;
    if (twins == by_birth.end() || copy.writers_given != origin.writers_given) {
      copy.writer = origin.writer;
    }
    copy.writers_given = origin.writers_given;
  }
  for (size_t i = 0; i < from.size(); ++i) {
    const Tensor wanted(counterparts.at(from[i].tensor.storage().get()), from[i].tensor.layout());
    if (!to[i].tensor.is_same(wanted)) point(to[i].name, wanted);
  }
}

}  // namespace

void copy_into_twin(const Module& source, Module& twin) {
  // Not by share_parameter(), which computes anew what read the slot: here all is a copy.
  const auto point = [&](absl::string_view name, const Tensor& tensor) {
    const size_t dot = name.rfind('.');
    const bool own = dot == absl::string_view::npos;
    Module& module = own ? twin : twin.get_submodule(name.substr(0, dot));
    module.point(*module.find_own_slot(own ? name : name.substr(dot + 1)), tensor);
  };
  with_op("deep_copy", [&] { copy_all(source, twin, point); });
}

}  // namespace hollow::nn
