// Lesson 5: a timeline shows what was done to each storage, and the audit what was not.
//
//   bazel run //examples:05_timeline
//   bazel run //examples:05_timeline -- /tmp/trace.json    # and open it in ui.perfetto.dev

#include <fstream>
#include <memory>

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

// DINOv2 before #476: the constructor computes gamma.
struct Before476 : nn::Module {
  Before476() { gamma.copy_(mul(ones({4}), 1e-5f)); }
  Tensor& gamma = add_parameter("gamma", {4}, Writer());
};

// #476: empty, and then reset_parameters(), which is what a writer is here.
struct After476 : nn::Module {
  Tensor& gamma = add_parameter("gamma", {4}, nn::init::constant(1e-5f));
};

// DINOv3's: empty, and whoever builds it is to call reset_parameters().
struct DinoV3 : nn::Module {
  Tensor& gamma = add_parameter("gamma", {4}, Writer());
};

// Meta, to_empty, reset_parameters; what the last one refuses is said by the audit.
template <typename M>
std::unique_ptr<M> deferred() {
  std::unique_ptr<M> module;
  {
    DeviceScope scope(Device::meta());
    module = std::make_unique<M>();
  }
  module->to_empty(Device::cpu());
  try {
    module->reset_parameters();
  } catch (const Error&) {
  }
  return module;
}

template <typename M>
void show_timeline(const char* trace_path) {
  Timeline timeline;
  const std::unique_ptr<M> module = deferred<M>();
  timeline.stop();
  std::cout << timeline.to_text() << "\n" << to_string(nn::audit(*module));
  if (trace_path == nullptr) return;
  std::ofstream(trace_path) << timeline.to_chrome_trace();
}

template <typename M>
nn::DeferredReport check() {
  return nn::check_deferred([] { return std::make_unique<M>(); });
}

void run(const char* trace_path) {
  std::cout << "Lesson 5: a timeline shows what was done to each storage, the audit what was not\n";

  step(
      "Before #476 the constructor computes gamma. On meta that writes nothing, to_empty gives\n"
      "memory, and then nobody is left to write: there is no \"initialized\" in the log.");
  show_timeline<Before476>(nullptr);

  step("With #476 the same program has one, and it comes after the memory.");
  show_timeline<After476>(trace_path);

  step("DINOv3's leaves it to the caller, so there is nothing even when it is built with memory.");
  {
    Timeline timeline;
    const DinoV3 eager;
    std::cout << timeline.to_text() << "\n" << to_string(nn::audit(eager));
  }

  step(
      "For the tests of a module of your own, check_deferred builds it both ways, compares bit\n"
      "for bit, and says what is behind each difference.");
  CLAIM(check<After476>().ok());
  std::cout << "     " << check<Before476>() << "     " << check<DinoV3>();

  in_pytorch(
      "  Nothing says which bytes were written. A gamma that nobody wrote is whatever the "
      "allocator\n"
      "  gave, most often 0.0, and the layer then multiplies by it.");
  exercise(
      "write over a part of gamma with fill_ after the reset. What does the timeline\n"
      "say, and what the audit? What does load_state_dict change in both?");
}

}  // namespace hollow::lesson

int main(int argc, char** argv) { hollow::lesson::run(argc > 1 ? argv[1] : nullptr); }
