// A module gives tensors names, and each of them a writer that fills it.
//
//   class Affine : public nn::Module {
//    public:
//     explicit Affine(int64_t dim)
//         : scale_(add_parameter("scale", {dim}, nn::init::ones())),
//           shift_(add_parameter("shift", {dim}, nn::init::zeros())) {}
//     Tensor forward(const Tensor& x) override { return add(mul(x, scale_), shift_); }
//
//    private:
//     Tensor& scale_;
//     Tensor& shift_;
//   };
//
// On a real device the constructor initializes: each writer runs as its slot is declared. On meta
// it describes; then to_empty(device) gives memory, and reset_parameters() runs the same writers
// with the same keys, which gives the same values, bit for bit.
//
// Slots and children are declared in the constructor, in order, and live as long as the module. A
// module is neither copied nor moved. Its children are built in place, by add_child, so that they
// know their qualified names in their own constructors; a module built in any other way is a root.
// A tree is built by one thread at a time.
//
// Functions that speak of a whole tree take every storage once, however many names it has. Those
// that place memory (to_empty, to, release) are all or nothing. What else is done with whole trees
// has a header of its own: materialize.h, state_dict.h, audit.h, deep_copy.h, check_deferred.h.
#ifndef HOLLOW_NN_MODULE_H_
#define HOLLOW_NN_MODULE_H_

#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "nn/of_one_class.h"
#include "tensor/births.h"
#include "tensor/origin.h"
#include "tensor/rng_key.h"
#include "tensor/tensor.h"

namespace hollow::nn {

// Whether a function goes on into the children.
enum class Recurse { kNo, kYes };

// Whether a buffer is in the state dict.
enum class Persistent { kNo, kYes };

struct ParameterOptions {
  DType dtype = DType::kF32;
  std::optional<Device> device;  // where none is given, default_device()
  bool requires_grad = true;
};

struct NamedTensor {
  std::string name;  // qualified, below the module that was asked
  Tensor tensor;
};

enum class SlotKind {
  kParameter,
  kPersistentBuffer,
  kBuffer,  // not in the state dict: its writer computes it
};

struct NamedSlot {
  std::string name;  // qualified, below the module that was asked
  SlotKind kind;
  Tensor tensor;
};

class Module : public std::enable_shared_from_this<Module> {
 public:
  // A root, with default_rng_key(), unless an add_child is building it.
  Module();
  virtual ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // --- declaring; names are not empty, have no dots, and are unique in the module: Error(kKey) ---

  // A parameter of that shape, which the writer fills: at once on a real device. An empty writer is
  // accepted here and is an error of reset_parameters(), by name. The reference stays valid, and
  // follows when the slot is tied to another.
  Tensor& add_parameter(absl::string_view name, Shape shape, Writer writer,
                        const ParameterOptions& options = {});

  // A tensor that is no parameter, of any dtype. One that is not in the state dict must have a
  // writer, since nothing else could bring its values back: Error(kWriter).
  Tensor& add_buffer(absl::string_view name, Shape shape, Writer writer, Persistent persistent,
                     const TensorOptions& options = {});

  // Builds an M from the arguments as a child of that name.
  template <typename M, typename... Args>
  M& add_child(absl::string_view name, Args&&... args);

  // Gives a child of this tree, or of another, a second name here. It stays one module with one set
  // of slots, lives as long as either parent, and keeps the path and the keys of its birth. Throws
  // Error(kKey) for a root, whose keys another root would have too, and for a module that this one
  // is a part of.
  template <typename M>
  M& share_child(absl::string_view name, M& child) {
    share(name, child);
    return child;
  }

  // Ties a slot to a parameter that was declared elsewhere: one storage, two names. If the slot
  // exists already, it is re-pointed, and its own storage is dropped; shape and dtype must agree
  // (Error(kShape), Error(kDType)); what is computed in this tree is computed anew, and if that
  // fails the tie stands. Values come from the writer, and under the name, of the slot that
  // declared the storage. Error(kAlias) for an expanded view, to which nothing could be loaded.
  Tensor& share_parameter(absl::string_view name, const Tensor& parameter);

  // The same for a buffer: one that is another slot's tensor, or a view of it. It needs no writer
  // of its own. Not in the state dict, unless it is asked to be. What is computed, and so in no
  // state dict, cannot be tied to a name that is: Error(kKey). Nor can an expanded view:
  // Error(kAlias).
  Tensor& share_buffer(absl::string_view name, const Tensor& tensor,
                       Persistent persistent = Persistent::kNo);

  // --- looking ---

  // Below the root, with dots; empty for a root.
  std::string path() const { return std::string(path_); }
  // Whether a module of the same root declared the storage.
  bool is_kin(const Storage& storage) const;
  // The C++ class: "hollow::nn::LayerScale".
  std::string class_name() const;
  // For errors: the class, and the path where there is one.
  std::string title() const;
  RngKey rng_key() const;

  // Own ones in the order of declaration, then each child's. A tensor with several names is listed
  // under the first.
  std::vector<NamedTensor> named_parameters() const;
  std::vector<NamedTensor> named_buffers() const;
  // Parameters and persistent buffers under all their names. The tensors are handles, not copies.
  std::vector<NamedTensor> state_dict() const;
  // Everything that is declared, under all its names.
  std::vector<NamedSlot> named_slots() const;
  // The storages of the slots, each once, in the order in which they are written: children before
  // parents, and what is computed (buffers outside the state dict) after everything else.
  std::vector<std::shared_ptr<Storage>> storages(Recurse recurse = Recurse::kYes) const;
  // Tensors of the meta scopes that the tree was built in, on meta still, that no module lists.
  std::vector<Birth> unlisted() const;

  // By qualified name below this module. Error(kKey), listing what there is, for another.
  const Tensor& get_parameter(absl::string_view name) const;
  const Tensor& get_buffer(absl::string_view name) const;
  Module& get_submodule(absl::string_view name);  // the module itself for ""

  std::vector<Module*> children() const;  // each once, however many names it has
  // This one and everything below it, each once, parents before their children.
  std::vector<Module*> modules();

  // Calls the function on everything below this module, children before parents, and then on it.
  void apply(absl::FunctionRef<void(Module&)> function);
  // The same, each function on the modules of its class; one that several take gets them in order.
  //
  //   apply([](Linear& linear) { linear.set_writer("weight", init::trunc_normal({.std = 0.02})); },
  //         [](LayerScale& ls) { ls.set_writer("gamma", init::constant(0.1)); });
  template <OfOneClass<Module>... Functions>
  void apply(Functions&&... functions) {
    apply([&](Module& module) { (call_on(functions, module), ...); });
  }

  // --- the life cycle ---

  // Gives memory on the device to what has none, and moves there what is elsewhere. Never destroys
  // a value: what is real keeps its bytes. Error(kOutOfMemory) leaves everything as it was.
  void to_empty(Device device, Recurse recurse = Recurse::kYes);

  // Runs the writers, in the order of storages(); what is on meta stays there. What is sealed keeps
  // the values it has, and gets those it lacks; gives back the qualified names of what it kept.
  //
  // Throws, before anything is written, Error(kWriter) with every slot that needs a writer and has
  // none, and Error(kSealed) where there is nothing to write: what is real is sealed, or computed,
  // and then as its writer left it or waiting for what is on meta. A writer that throws, or leaves
  // elements unwritten, or reads a slot that is written after its own, ends it: what was written by
  // then stays, the rest has lost its old values, and the Error lists what is unfinished. Computed
  // buffers may read one another in any order, and wait for what of the model has no values yet.
  std::vector<std::string> reset_parameters(Recurse recurse = Recurse::kYes);

  // Keeps the values that are there from the writers, and from nothing else: an optimizer, copy_()
  // and every other op may write. Loading seals what it loads. Release and unseal() end it. Buffers
  // outside the state dict are not sealed: their values are always their writers'.
  void seal(Recurse recurse = Recurse::kYes);
  void unseal(Recurse recurse = Recurse::kYes);

  // Moves values. Error(kMeta), with every tensor that has none, points to to_empty.
  void to(Device device);

  // Converts floating parameters and buffers; integers and bools stay. Legal on meta and before
  // initialization. Non-persistent buffers that had values, and others where nothing else is
  // unfinished, are computed anew, in all of the tree; what reads something without values waits
  // for it, unwritten. If a writer fails, materialize() completes what is then without values.
  void to(DType dtype);

  // Back to meta. Throws Error(kChanged), and does nothing, where a value is not as its writer left
  // it, so that reset_parameters() would not bring it back; what it read elsewhere may differ.
  void release();

  // From now on writers get new random numbers; what is initialized keeps its values until the next
  // reset_parameters(), and cannot be released before. The first generation is 0.
  void next_generation();

  // Replaces the writer of a slot of this module or below, by qualified name, and runs it if the
  // slot is real and not sealed; what is computed in this tree is then computed anew.
  // The last writer given wins, and may refer to this module: it is dropped when this module dies.
  // One that does not fit the slot is refused before anything changes; one that fails later leaves
  // the old writer in place, and the slot and what is computed without values.
  void set_writer(absl::string_view name, Writer writer);

  // Throws Error(kUninitialized) with every parameter and buffer that is not initialized.
  void check_complete() const;

  // --- computing ---

  // Error(kUnsupported) for a class that does not override it.
  virtual Tensor forward(const Tensor& x);
  Tensor operator()(const Tensor& x) { return forward(x); }

 protected:
  // Children by number, under each of their names, in the order of declaration.
  size_t num_children() const { return children_.size(); }
  Module& child(size_t index) const { return *children_[index].module; }

 private:
  struct OwnSlot {
    absl::string_view name;  // the root owns it
    SlotKind kind;
    Tensor tensor;
  };
  struct OwnChild {
    absl::string_view name;  // the root owns it
    std::shared_ptr<Module> module;
  };
  class TreeRoot;
  struct Names;
  class NextChild;
  friend class NewRoots;
  friend void copy_into_twin(const Module& source, Module& twin);

  Tensor& add_slot(OpName op, absl::string_view name, SlotKind kind, Shape shape, Writer writer,
                   const TensorOptions& options);
  Tensor& share_slot(OpName op, absl::string_view name, SlotKind kind, const Tensor& tensor);
  void share(absl::string_view name, Module& child);
  // Whether the slot's storage was declared as this slot, so that it is no tie.
  static bool is_born_here(const OwnSlot& slot);
  // The storage's writer is this module's from now on, and dies with it.
  void give_writer(const std::shared_ptr<Storage>& storage);
  void point(OwnSlot& slot, const Tensor& tensor);  // makes it that, whatever it was
  // The storages of the root's modules, also of those that are still being built, or outlive it.
  std::vector<std::shared_ptr<Storage>> tree() const;
  // Whether this is the other module, or below it, or will be once it is built.
  bool is_part_of(Module& whole);
  void check_name(absl::string_view op, absl::string_view name) const;
  void note_name(absl::string_view name);  // of a slot or child that is there by now
  absl::string_view qualified(absl::string_view name) const;  // the root keeps it
  // Says whom the next module that this thread builds is a child of; checks that it was.
  void build_child(absl::string_view op, absl::string_view name,
                   absl::FunctionRef<std::shared_ptr<Module>()> build);
  Module* find_child(absl::string_view name) const;
  OwnSlot* find_own_slot(absl::string_view name);
  const OwnSlot* find_slot(absl::string_view name) const;
  const OwnSlot& get_slot(absl::string_view op, absl::string_view name) const;
  // Every slot of the tree with its name below this module, parents first.
  void for_each_slot(absl::FunctionRef<void(const std::string&, const OwnSlot&)> function,
                     const std::string& prefix = "") const;
  std::vector<NamedTensor> list(OpName op, absl::FunctionRef<bool(const OwnSlot&)> wanted) const;
  std::vector<Tensor> unfinished() const;
  explicit Module(const NextChild* birth);

  absl::string_view path_;  // the root owns it
  std::shared_ptr<TreeRoot> root_;
  std::pmr::list<OwnSlot> slots_;  // where members' references stay valid, in the root's memory
  std::vector<OwnChild> children_;
  // Of slots and children, where there are more than one would look through.
  std::unique_ptr<Names> names_;
};

template <typename M, typename... Args>
M& Module::add_child(absl::string_view name, Args&&... args) {
  M* child = nullptr;
  build_child("add_child", name, [&] {
    auto built = std::make_shared<M>(std::forward<Args>(args)...);
    child = built.get();
    return built;
  });
  return *child;
}

}  // namespace hollow::nn

#endif  // HOLLOW_NN_MODULE_H_
