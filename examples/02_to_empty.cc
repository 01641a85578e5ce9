// Lesson 2: to_empty gives memory, and no values.
//
//   bazel run //examples:02_to_empty

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

void run() {
  std::cout << "Lesson 2: to_empty gives memory, and no values\n";

  step("Describe a model on meta. It has names, shapes and dtypes, and takes 0 bytes.");
  nn::Sequential model;
  {
    DeviceScope scope(Device::meta());
    model.append<nn::Linear>(20, 30);
    model.append<nn::LayerScale>(30);
  }
  for (const auto& [name, tensor] : model.named_parameters()) show(name, tensor);
  CLAIM(memory_stats(Device::cpu()).bytes == 0);

  step("Take two handles now: a weight, and a view of its row 2.");
  const Tensor weight = model.get_parameter("0.weight");
  const Tensor row = weight.select(0, 2);
  SHOW(row);

  step("There are no values to move, so to() is an error, which lists every tensor that has none.");
  REFUSES(kMeta, model.to(Device::cpu()));

  step(
      "to_empty() gives memory. It gives it to the storage, not to one handle on it: the handles\n"
      "of step 2 have it as well.");
  model.to_empty(Device::cpu());
  SHOW(memory_stats(Device::cpu()).bytes);
  CLAIM(memory_stats(Device::cpu()).bytes == (30 * 20 + 30 + 30) * 4);
  SHOW(weight);
  SHOW(row.state());
  CLAIM(weight.storage() == model.get_parameter("0.weight").storage());

  step(
      "What is in that memory is nobody's value. To read it is an error, and so is a forward;\n"
      "the error goes on to everything else that is unfinished in the model.");
  REFUSES(kUninitialized, row.to_vector<float>());
  REFUSES(kUninitialized, model(ones({4, 20})));

  step("It is known to the element what has been written.");
  fill_(row, 3.0f);
  SHOW(weight);
  CLAIM(row.is_initialized() && !weight.is_initialized());
  REFUSES(kUninitialized, sum(weight));

  step(
      "to_empty() never destroys a value. What is real stays, so the call may be repeated, and\n"
      "a model that is partly real is safe with it.");
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  model.to_empty(Device::cpu());
  CLAIM(memory_stats(Device::cpu()).allocations == allocations);
  CLAIM(row.select(0, 19).item<float>() == 3.0f);
  REFUSES(kMeta, model.to_empty(Device::meta()));

  in_pytorch(
      "  Module.to_empty(device=...) replaces every tensor by torch.empty_like of it, those with\n"
      "  values too. The new memory holds what was there before; reading it is no error. Coming "
      "from\n"
      "  meta, each Parameter is a new object: a tied weight comes apart, and an optimizer that "
      "was\n"
      "  built earlier still holds the old one. Module.to() on meta raises: Cannot copy out of "
      "meta\n"
      "  tensor; no data! Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() "
      "...");

  exercise(
      "append nn::LayerScale(int64_t{1} << 50), 4 PiB, to a model on meta, and call to_empty.\n"
      "What does the error name, and which of the other tensors have memory afterwards?");
  // Exercise, a hint: memory_stats() before and after says it in one number.
}

}  // namespace hollow::lesson

int main() { hollow::lesson::run(); }
