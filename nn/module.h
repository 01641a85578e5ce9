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
//
// Functions that speak of a whole tree take every storage once, however many names it has. Those
// that place memory (to_empty, to, release) are all or nothing.
#ifndef HOLLOW_NN_MODULE_H_
#define HOLLOW_NN_MODULE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
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

class Module {
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

  // Ties a slot to a parameter that was declared elsewhere: one storage, two names. If the slot
  // exists already, it is re-pointed, and its own storage is dropped; shape and dtype must agree
  // (Error(kShape), Error(kDType)). Values come from the writer, and under the name, of the slot
  // that declared the storage.
  Tensor& share_parameter(absl::string_view name, const Tensor& parameter);

  // --- looking ---

  // Below the root, with dots; empty for a root.
  const std::string& path() const { return path_; }
  // The C++ class: "hollow::nn::LayerScale".
  std::string class_name() const;
  RngKey rng_key() const { return key_; }

  // Own ones in the order of declaration, then each child's. A tensor with several names is listed
  // under the first.
  std::vector<NamedTensor> named_parameters() const;
  std::vector<NamedTensor> named_buffers() const;
  // Parameters and persistent buffers under all their names. The tensors are handles, not copies.
  std::vector<NamedTensor> state_dict() const;

  // By qualified name below this module. Error(kKey), listing what there is, for another.
  const Tensor& get_parameter(absl::string_view name) const;
  const Tensor& get_buffer(absl::string_view name) const;

  std::vector<Module*> children() const;
  // This one and everything below it, each parent before its children.
  std::vector<Module*> modules();

  // Calls the function on everything below this module, children before parents, and then on it.
  void apply(absl::FunctionRef<void(Module&)> function);

  // --- the life cycle ---

  // Gives memory on the device to what has none, and moves there what is elsewhere. Never destroys
  // a value: what is real keeps its bytes. Error(kOutOfMemory) leaves everything as it was.
  void to_empty(Device device, Recurse recurse = Recurse::kYes);

  // Runs the writers: children first, in the order of declaration; what is on meta stays there.
  // Throws Error(kWriter), before anything is written, with every slot that has none. A writer that
  // throws, or leaves elements unwritten, ends it: what was written by then stays, and the Error
  // lists what is unfinished.
  void reset_parameters(Recurse recurse = Recurse::kYes);

  // Moves values. Error(kMeta), with every tensor that has none, points to to_empty.
  void to(Device device);

  // Converts floating parameters and buffers; integers and bools stay. Legal on meta and before
  // initialization. Non-persistent buffers that had values are computed anew.
  void to(DType dtype);

  // Back to meta. Throws Error(kChanged), and does nothing, where reset_parameters() would not
  // bring back the values that are there: each must be as its writer left it, or never written.
  void release();

  // From now on writers get new random numbers; what is initialized keeps its values until the next
  // reset_parameters(), and cannot be released before. The first generation is 0.
  void next_generation();

  // Replaces the writer of a slot of this module or below, by qualified name, and runs it if the
  // slot is real. The last writer given wins. One that does not fit the slot is refused before
  // anything changes; one that fails later leaves the old writer in place, and the values as far as
  // it got.
  void set_writer(absl::string_view name, Writer writer);

  // Throws Error(kUninitialized) with every parameter and buffer that is not initialized.
  void check_complete() const;

  // --- computing ---

  // Error(kUnsupported) for a class that does not override it.
  virtual Tensor forward(const Tensor& x);
  Tensor operator()(const Tensor& x) { return forward(x); }

 private:
  enum class Kind { kParameter, kPersistentBuffer, kBuffer };
  struct Slot {
    std::string name;
    Kind kind;
    Tensor tensor;
  };
  struct Child {
    std::string name;
    std::unique_ptr<Module> module;
  };
  class Root;
  class Birth;

  Tensor& add_slot(absl::string_view op, absl::string_view name, Kind kind, Shape shape,
                   Writer writer, const TensorOptions& options);
  // A writer may hold on to its module, so it does not outlive the slot that it was given to.
  void forget_writer(const Slot& slot);
  void check_name(absl::string_view op, absl::string_view name) const;
  std::string qualified(absl::string_view name) const;
  // For errors: the class, and the path where there is one.
  std::string title() const;
  std::unique_ptr<Module> build_child(absl::string_view op, absl::string_view name,
                                      absl::FunctionRef<std::unique_ptr<Module>()> build);
  const Slot* find_slot(absl::string_view name) const;
  const Slot& get_slot(absl::string_view op, absl::string_view name) const;
  // Every slot of the tree with its name below this module, parents first.
  void for_each_slot(absl::FunctionRef<void(const std::string&, const Slot&)> function,
                     Recurse recurse = Recurse::kYes, const std::string& prefix = "") const;
  std::vector<NamedTensor> list(absl::FunctionRef<bool(const Slot&)> wanted) const;
  // The storages of the tree, each once, children's first.
  std::vector<std::shared_ptr<Storage>> storages(Recurse recurse) const;
  std::vector<Tensor> unfinished() const;

  std::string path_;
  RngKey key_;
  std::shared_ptr<Root> root_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Child> children_;
};

template <typename M, typename... Args>
M& Module::add_child(absl::string_view name, Args&&... args) {
  M* child = nullptr;
  children_.push_back({std::string(name), build_child("add_child", name, [&] {
                         auto built = std::make_unique<M>(std::forward<Args>(args)...);
                         child = built.get();
                         return std::unique_ptr<Module>(std::move(built));
                       })});
  return *child;
}

}  // namespace hollow::nn

#endif  // HOLLOW_NN_MODULE_H_
