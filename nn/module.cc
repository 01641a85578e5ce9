#include "nn/module.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
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
 public:
  explicit Root(const Module* module) : module_(module) {}

  std::vector<Tensor> unfinished() const override {
    const std::lock_guard lock(mutex_);
    return module_ == nullptr ? std::vector<Tensor>() : module_->unfinished();
  }
  // The module, if it is the root, is about to die. Waits for another thread's error that is
  // looking through the tree.
  void forget(const Module* module) {
    const std::lock_guard lock(mutex_);
    if (module == module_) module_ = nullptr;
  }

 private:
  mutable std::mutex mutex_;
  const Module* module_;
};

// Tells the base constructor of the child that is being built who its parent is. It must be the
// next Module constructor of the thread, and is: bases come before members.
class Module::Birth {
 public:
  Birth(const Module* parent, absl::string_view name)
      : parent_(parent), name_(name), outer_(pending_) {
    pending_ = this;
  }
  ~Birth() { pending_ = outer_; }
  Birth(const Birth&) = delete;
  Birth& operator=(const Birth&) = delete;

  // The pending birth, once; null for a root.
  static const Birth* take() {
    if (pending_ == nullptr || pending_->taken_) return nullptr;
    pending_->taken_ = true;
    return pending_;
  }

  const Module* parent() const { return parent_; }
  absl::string_view name() const { return name_; }

 private:
  static thread_local Birth* pending_;

  const Module* parent_;
  absl::string_view name_;
  Birth* outer_;
  bool taken_ = false;
};

thread_local Module::Birth* Module::Birth::pending_ = nullptr;

Module::Module() : key_(default_rng_key()) {
  const Birth* const birth = Birth::take();
  if (birth == nullptr) {
    root_ = std::make_shared<Root>(this);
    return;
  }
  path_ = birth->parent()->qualified(birth->name());
  key_ = birth->parent()->key_ / birth->name();
  root_ = birth->parent()->root_;
}

Module::~Module() {
  root_->forget(this);
  for (const std::unique_ptr<Slot>& slot : slots_) forget_writer(*slot);
}

void Module::forget_writer(const Slot& slot) {
  Origin* const origin = slot.tensor.storage()->origin();
  const bool born_here = origin->kin.lock() == root_ && origin->name == qualified(slot.name);
  if (born_here) origin->writer = nullptr;
}

Tensor& Module::add_parameter(absl::string_view name, Shape shape, Writer writer,
                              const ParameterOptions& options) {
  return add_slot("add_parameter", name, Kind::kParameter, std::move(shape), std::move(writer),
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
                  persistent == Persistent::kYes ? Kind::kPersistentBuffer : Kind::kBuffer,
                  std::move(shape), std::move(writer), options);
}

Tensor& Module::add_slot(absl::string_view op, absl::string_view name, Kind kind, Shape shape,
                         Writer writer, const TensorOptions& options) {
  check_name(op, name);
  Tensor tensor = [&] {
    try {
      return empty(op, std::move(shape), options);
    } catch (const Error& error) {
      throw Error(error.code(), op, absl::StrCat("\"", qualified(name), "\": ", error.message()));
    }
  }();
  tensor.storage()->set_origin(
      {qualified(name), key_ / name, std::move(writer), tensor.layout(), root_});
  Writer& kept = tensor.storage()->origin()->writer;
  try {
    if (kept != nullptr) write_slot(op, tensor.storage());
  } catch (...) {
    kept = nullptr;  // it may hold on to this module, and a handle on the tensor may live on
    throw;
  }
  slots_.push_back(std::make_unique<Slot>(Slot{std::string(name), kind, std::move(tensor)}));
  return slots_.back()->tensor;
}

std::unique_ptr<Module> Module::build_child(absl::string_view op, absl::string_view name,
                                            absl::FunctionRef<std::unique_ptr<Module>()> build) {
  check_name(op, name);
  const Birth birth(this, name);
  std::unique_ptr<Module> child = build();
  if (child->path_ != qualified(name)) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat(child->class_name(), " \"", qualified(name),
                             "\" built another module before its own base class, which took its "
                             "place in the tree; build modules with add_child or as members"));
  }
  return child;
}

Tensor& Module::share_parameter(absl::string_view name, const Tensor& parameter) {
  if (parameter.storage()->origin() == nullptr) {
    throw Error(ErrorCode::kKey, "share_parameter",
                absl::StrCat(describe(parameter),
                             " was declared by no module, so nothing could reset it; declare it "
                             "with add_parameter, and fill it with copy_()"));
  }
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const auto& each) { return each->name == name; });
  if (slot == slots_.end()) {
    check_name("share_parameter", name);
    slots_.push_back(std::make_unique<Slot>(Slot{std::string(name), Kind::kParameter, parameter}));
    return slots_.back()->tensor;
  }
  if ((*slot)->kind != Kind::kParameter) {
    throw Error(ErrorCode::kKey, "share_parameter",
                absl::StrCat("\"", qualified(name), "\" of ", class_name(),
                             " is a buffer; only parameters are tied"));
  }
  Tensor& own = (*slot)->tensor;
  if (own.shape() != parameter.shape() || own.dtype() != parameter.dtype()) {
    throw Error(own.shape() != parameter.shape() ? ErrorCode::kShape : ErrorCode::kDType,
                "share_parameter",
                absl::StrCat(describe(own), " cannot be tied to ", describe(parameter),
                             "; shape and dtype must agree"));
  }
  if (own.storage() != parameter.storage()) forget_writer(**slot);
  return own = parameter;
}

void Module::check_name(absl::string_view op, absl::string_view name) const {
  if (name.empty() || name.find('.') != absl::string_view::npos) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat("\"", name, "\" in ", title(),
                             " is not a name: it must not be empty, nor have a dot"));
  }
  const bool taken = find_slot(name) != nullptr ||
                     std::any_of(children_.begin(), children_.end(),
                                 [&](const Child& child) { return child.name == name; });
  if (taken) {
    throw Error(ErrorCode::kKey, op,
                absl::StrCat("\"", qualified(name), "\" is already a slot or child of ",
                             class_name(), "; give it another name"));
  }
}

std::string Module::qualified(absl::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

std::string Module::title() const {
  return path_.empty() ? class_name() : absl::StrCat(class_name(), " \"", path_, "\"");
}

std::string Module::class_name() const {
  const char* const mangled = typeid(*this).name();
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : mangled;
}

Tensor Module::forward(const Tensor&) {
  throw Error(ErrorCode::kUnsupported, "forward", absl::StrCat(title(), " has no forward(x)"));
}

}  // namespace hollow::nn
