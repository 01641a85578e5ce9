// Lesson 1: a meta tensor has a shape and no memory.
//
//   bazel run //examples:01_meta_tensor

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

void run() {
  std::cout << "Lesson 1: a meta tensor has a shape and no memory\n";

  step(
      "A DeviceScope sets the default device of this thread until its block ends. On meta a\n"
      "tensor of any size costs nothing.");
  const Tensor huge = [] {
    DeviceScope scope(Device::meta());
    return empty({1 << 20, 1 << 20});
  }();
  SHOW(huge);
  SHOW(huge.nbytes());
  CLAIM(memory_stats(Device::cpu()).bytes == 0);
  CLAIM(default_device() == Device::cpu());

  step("All that needs no values works: views, and the shape rule of every op.");
  SHOW(huge.transpose(0, 1).narrow(0, 10, 3));
  SHOW(layer_scale(huge, huge.select(0, 0)));
  CLAIM(layer_scale(huge, huge.select(0, 0)).shape() == huge.shape());

  step(
      "The rule is the same code on every device, so a bad call fails on meta as it would fail\n"
      "later, with the same words but for the device.");
  const TensorOptions meta = {.device = Device::meta()};
  const std::string described = REFUSES(kShape, add(ones({2, 3}, meta), ones({4}, meta)));
  const std::string computed = REFUSES(kShape, add(ones({2, 3}), ones({4})));
  CLAIM(absl::StrReplaceAll(described, {{"on meta", "on cpu (initialized)"}}) == computed);

  step(
      "A write has nowhere to go. It is legal, so that initializers run on meta, and does\n"
      "nothing.");
  fill_(huge, 1.0f);
  CLAIM(huge.state() == State::kMeta);

  step("A read has nothing to give. It is an error, never a made-up value.");
  REFUSES(kMeta, huge.select(0, 7).select(0, 7).item<float>());

  step("Meta and real operands do not mix.");
  REFUSES(kDevice, add(huge, ones({1})));

  in_pytorch(
      "  torch.empty(2**20, 2**20, device=\"meta\") is the same thing, and so is a factory under\n"
      "  `with torch.device(\"meta\"):`. Printing gives tensor(..., device='meta', size=(...)).\n"
      "  fill_ does nothing. item() raises: Tensor.item() cannot be called on meta tensors.\n"
      "  Structured kernels share one shape rule between meta and the devices, as every op does\n"
      "  here; other ops have a meta function of their own, which tests compare with the real "
      "one.");

  exercise(
      "of clone(), transpose(0, 1).contiguous(), to(DType::kBF16) and to(Device::cpu()), all\n"
      "called on `huge`, one throws. Say which, and why that one; then try.");
  // Exercise, a hint: three of them can be answered with a shape.
}

}  // namespace hollow::lesson

int main() { hollow::lesson::run(); }
