// Lesson 3: reset_parameters runs the writers, and each value depends on its name alone.
//
//   bazel run //examples:03_reset_parameters

#include "examples/lesson.h"
#include "hollow.h"

namespace hollow::lesson {

// A slot is declared with the writer that fills it. There is no second list to keep up to date.
class Head : public nn::Module {
 public:
  Head(int64_t in, int64_t out)
      : proj_(add_child<nn::Linear>("proj", in, out)),
        scale_(add_parameter("scale", {out}, nn::init::constant(0.5))) {
    set_writer("proj.bias", nn::init::zeros());  // a parent has the last word
  }
  Tensor forward(const Tensor& x) override { return layer_scale(proj_(x), scale_); }
  nn::Linear& proj() { return proj_; }

 private:
  nn::Linear& proj_;
  Tensor& scale_;
};

class Forgetful : public nn::Module {
 public:
  Forgetful() { add_parameter("mask_token", {16}, Writer()); }
};

Head& append_on_meta(nn::ModuleList& list) {
  DeviceScope scope(Device::meta());
  return list.append<Head>(20, 30);
}

bool same(const Tensor& a, const Tensor& b) { return a.to_vector<float>() == b.to_vector<float>(); }

void run() {
  std::cout << "Lesson 3: reset_parameters runs the writers, and each value depends on its name\n";

  step("On a real device the constructor runs each writer as its slot is declared.");
  nn::ModuleList eager;
  Head& first = eager.append<Head>(20, 30);
  SHOW(first.proj().weight().name());
  SHOW(first.proj().weight().select(0, 0).narrow(0, 0, 4));
  SHOW(sum(first.get_parameter("proj.bias")));

  step(
      "On meta they are remembered. After to_empty, reset_parameters() runs them: the values are\n"
      "the eager ones, bit for bit.");
  nn::ModuleList deferred;
  Head& head = append_on_meta(deferred);
  deferred.to_empty(Device::cpu());
  deferred.reset_parameters();
  CLAIM(same(head.proj().weight(), first.proj().weight()));

  step(
      "A random value is a function of the seed, the tensor's name, the generation and the place\n"
      "in the tensor. So a part can be reset without the rest, in any order.");
  nn::ModuleList parts;
  Head& part = append_on_meta(parts);
  parts.to_empty(Device::cpu());
  part.proj().reset_parameters();
  CLAIM(same(part.proj().weight(), first.proj().weight()));
  REFUSES(kUninitialized, parts.check_complete());

  step("Equal shapes under different names differ. To make two models differ, give one a key.");
  Head& second = eager.append<Head>(20, 30);
  SHOW(second.proj().weight().name());
  CLAIM(!same(first.proj().weight(), second.proj().weight()));
  const RngScope scope(RngKey(0) / "teacher");
  nn::ModuleList teacher;
  CLAIM(!same(teacher.append<Head>(20, 30).proj().weight(), first.proj().weight()));

  step("A reset repeats; next_generation() is how to ask for new values.");
  head.next_generation();
  head.reset_parameters();
  CLAIM(!same(head.proj().weight(), first.proj().weight()));

  step(
      "What can be made again can be given back: release() returns to meta, unless a value has\n"
      "been changed since its writer ran.");
  first.release();
  SHOW(first.proj().weight());
  mul_(second.proj().weight(), 2);
  REFUSES(kChanged, second.release());

  step("A slot without a writer is found by name, never skipped.");
  Forgetful forgetful;
  REFUSES(kWriter, forgetful.reset_parameters());

  in_pytorch(
      "  reset_parameters() is a convention. nn.Module does not have it, so the caller walks\n"
      "  modules() and calls it where hasattr says so; a module that owns a bare Parameter and "
      "lacks\n"
      "  the method is skipped in silence. Values come from one generator in the order of the "
      "calls:\n"
      "  another order or another subset gives other values.");

  exercise(
      "tie the two heads of one ModuleList: share_parameter of the second's \"scale\" with the\n"
      "first's. Whose writer fills it, and under which name does an error speak of it?");
  // Exercise, a hint: the slot that declared the storage is where it was born.
}

}  // namespace hollow::lesson

int main() { hollow::lesson::run(); }
