// Lesson 4: LayerScale, described on meta and filled on the device you have.
//
//   bazel run //examples:04_layer_scale

#include <memory>

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

// DINOv2 before its pull request #476: values computed in the constructor, known to nobody else.
class FilledInConstructor : public nn::Module {
 public:
  explicit FilledInConstructor(int64_t dim) : gamma_(add_parameter("gamma", {dim}, Writer())) {
    gamma_.copy_(mul(ones({dim}), 1e-5f));
  }
  Tensor forward(const Tensor& x) override { return layer_scale(x, gamma_); }

 private:
  Tensor& gamma_;
};

// DINOv3: empty memory, and a method beside it that the constructor does not call.
class FilledByCaller : public nn::Module {
 public:
  explicit FilledByCaller(int64_t dim) : gamma_(add_parameter("gamma", {dim}, Writer())) {}
  void init_weights() { fill_(gamma_, 1e-5f); }
  Tensor forward(const Tensor& x) override { return layer_scale(x, gamma_); }

 private:
  Tensor& gamma_;
};

template <typename M, typename... Args>
std::unique_ptr<M> on_meta(const Args&... args) {
  DeviceScope scope(Device::meta());
  return std::make_unique<M>(args...);
}

void run() {
  std::cout << "Lesson 4: LayerScale, described on meta and filled on the device you have\n";
  const Device device = Device::cuda_count() > 0 ? Device::cuda(0) : Device::cpu();
  SHOW(device);
  if (device.is_cpu()) std::cerr << "(no CUDA device: " << Device::why_no_cuda() << ")\n";

  step("Too big for one device: describe it first, decide where it lives, allocate, fill last.");
  std::unique_ptr<nn::LayerScale> ls;
  {
    DeviceScope scope(Device::meta());
    ls = std::make_unique<nn::LayerScale>(1024, nn::LayerScaleOptions{.init_values = 1e-5f});
  }
  CLAIM(memory_stats(device).bytes == 0);
  ls->to_empty(device);
  REFUSES(kUninitialized, ls->gamma().to_vector<float>());
  ls->reset_parameters();
  SHOW(mean(ls->gamma()).item<float>());
  CLAIM(mean(ls->gamma()).item<float>() == 1e-5f);
  CLAIM(std(ls->gamma()).item<float>() == 0.0f);

  step("It scales each channel: y = x * gamma.");
  const Tensor y = (*ls)(ones({2, 257, 1024}, {.device = device}));
  SHOW(y.select(0, 1).select(0, 256).narrow(0, 0, 3));

  step(
      "The first published version computed gamma in its constructor. On meta that wrote nothing,\n"
      "and after to_empty gamma was 0 or garbage. Here it is an error that names gamma.");
  const auto before = on_meta<FilledInConstructor>(1024);
  before->to_empty(device);
  REFUSES(kUninitialized, (*before)(ones({3, 1024}, {.device = device})));
  REFUSES(kWriter, before->reset_parameters());

  step(
      "A later one is right after meta, and garbage after plain construction: nobody calls the\n"
      "method that fills it. Here that is an error as well.");
  FilledByCaller plain(1024);
  REFUSES(kUninitialized, plain(ones({3, 1024})));
  plain.init_weights();
  SHOW(mean(plain(ones({3, 1024}))).item<float>());

  step(
      "In between, empty memory and a reset that wants a number: right for one value, and an\n"
      "error for one a channel. Here both are writers. The values are copied when they are given,\n"
      "so they must be there.");
  const Tensor factors = from_values<float>({1, 2, 3, 4});
  const auto channels = on_meta<nn::LayerScale>(4, nn::LayerScaleOptions{.init_values = factors});
  channels->to_empty(device);
  channels->reset_parameters();
  SHOW(channels->gamma());
  CLAIM(allclose(channels->gamma(), factors));
  const Tensor nothing = empty({4}, {.device = Device::meta()});
  REFUSES(kMeta, nn::LayerScale(4, {.init_values = nothing}));

  in_pytorch(
      "  DINOv2 before #476: gamma = Parameter(init_values * torch.ones(dim)). After meta and\n"
      "    to_empty gamma is 0.0 or garbage, and nothing says so.\n"
      "  DINOv2 since #476: gamma = Parameter(torch.empty(dim)), and reset_parameters(), which "
      "the\n"
      "    constructor calls too, fills it with nn.init.constant_. That takes one number: a value\n"
      "    for each channel, which worked before, fails.\n"
      "  DINOv3: gamma = Parameter(torch.empty(dim)), and reset_parameters() is left to the "
      "model's\n"
      "    init_weights().");

  exercise(
      "give FilledInConstructor its values in a way that survives meta, by changing one line and\n"
      "deleting one. The lesson then fails, and says which claim no longer holds.");
  // Exercise, a hint: add_parameter's third argument.
}

}  // namespace hollow::lesson

int main() { hollow::lesson::run(); }
