// Lesson 6: what a checkpoint has is loaded and kept; what it lacks is initialized and listed.
//
//   bazel run //examples:06_load_or_init

#include <memory>

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

// A head is added to a backbone that was trained elsewhere. The table is computed, not saved.
struct Model : nn::Module {
  nn::Linear& backbone = add_child<nn::Linear>("backbone", 4, 4);
  nn::LayerScale& ls = add_child<nn::LayerScale>("ls", 4);
  nn::Linear& head = add_child<nn::Linear>("head", 4, 2);
  Tensor& table = add_buffer("table", {4}, nn::init::constant(0.25), nn::Persistent::kNo);
};

std::unique_ptr<Model> describe_model() {
  DeviceScope scope(Device::meta());
  return std::make_unique<Model>();
}

// What was saved of the backbone, before there was a head.
nn::StateDict checkpoint() {
  return {{"backbone.weight", full({4, 4}, 3.0)},
          {"backbone.bias", full({4}, 2.0)},
          {"ls.gamma", full({4}, 0.5, {.dtype = DType::kBF16})}};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void run() {
  std::cout << "Lesson 6: what a checkpoint has is loaded and kept, what it lacks is initialized\n";

  step("A wrong key changes nothing. The error names every bad one, with the nearest good one.");
  const auto model = describe_model();
  nn::StateDict renamed = checkpoint();
  renamed[0].name = "backbone.wieght";
  REFUSES(kKey, load_state_dict(*model, renamed));
  CLAIM(model->backbone.weight().is_meta());

  step(
      "load_or_init is one pass: each tensor is allocated once, and written once, by the load or\n"
      "by its writer. Buffers that are not saved are computed.");
  const nn::StateDict values = checkpoint();
  const int64_t before = memory_stats(Device::cpu()).allocations;
  const nn::LoadReport report = load_or_init(*model, values, {.device = Device::cpu()});
  SHOW(joined(report.loaded));
  SHOW(joined(report.converted));
  SHOW(joined(report.initialized));
  SHOW(joined(report.computed));
  CLAIM(memory_stats(Device::cpu()).allocations - before == 6);

  step("What was loaded is sealed: initializers keep it and say so. An op may still write.");
  SHOW(joined(model->reset_parameters()));
  SHOW(model->ls.gamma());
  REFUSES(kSealed, model->backbone.reset_parameters());
  model->unseal();
  SHOW(model->reset_parameters().size());
  SHOW(model->ls.gamma());

  step(
      "Ties are storages, so they survive a load by one name or both; values that disagree are\n"
      "an error.");
  const auto tied = describe_model();
  tied->head.share_parameter("bias", tied->head.weight().select(1, 0));
  REFUSES(kKey,
          load_state_dict(tied->head, {{"weight", full({2, 4}, 1.0)}, {"bias", full({2}, 2.0)}}));

  in_pytorch(
      "  load_state_dict into a model on meta does nothing, with a warning, unless assign=True is\n"
      "  given, which breaks ties. What the file lacks stays on meta, or, if reset_parameters() "
      "is\n"
      "  called afterwards, takes what was loaded with it.");
  exercise(
      "load a checkpoint of the head alone into a model on meta, with strict = false.\n"
      "What is on meta afterwards, and what does materialize() do with the rest?");
}

}  // namespace hollow::lesson

int main() { hollow::lesson::run(); }
