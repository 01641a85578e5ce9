#include "benchmarks/filling.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/clock.h"
#include "kernels/cpu/pages.h"
#include "kernels/cpu/parallel.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "tensor/device.h"
#include "tensor/empty.h"
#include "tensor/run.h"

namespace hollow::benchmarks {
namespace {

constexpr int64_t kNumel = int64_t{16} << 20;  // 64 MiB of f32
constexpr double kGiB = static_cast<double>(kNumel * 4) / (int64_t{1} << 30);
constexpr int kRounds = 5;
constexpr double kGoalWrites = 1.05;
constexpr double kGoalZerosMsPerGiB = 1.0;

class Wide : public nn::Module {
 public:
  explicit Wide(Writer writer) {
    add_parameter("weight", {kNumel}, std::move(writer), {.device = Device::meta()});
  }
};

// One byte of each page, by as many threads as a writer has.
struct TouchKernel {
  template <typename T>
  void operator()(kernels::Cpu, T* y, int64_t numel) const {
    static constexpr int64_t kPage = 4096 / sizeof(T);
    kernels::parallel_for(numel / kPage, 256, 1, [y](int64_t begin, int64_t end) {
      for (int64_t page = begin; page < end; ++page) y[page * kPage] = T(0.0f);
    });
  }
  template <typename T>
  void operator()(kernels::Cuda, T*, int64_t) const {}
};

template <typename Function>
double ms_of(Function&& function) {
  const Stopwatch watch;
  function();
  return watch.seconds() * 1e3;
}

double ms_to_touch() {
  const Stopwatch watch;
  const Tensor fresh = empty({kNumel}, {.device = Device::cpu()});
  run<TypeList<float>>("touch", fresh, TouchKernel{}, kNumel);
  return watch.seconds() * 1e3;
}

struct Rounds {
  std::vector<double> materialize;
  std::vector<double> touch;
  std::vector<double> write;
  std::vector<double> writes;    // what materialize took beyond the touch, counted in writes
  std::vector<double> recycled;  // materialize, where another tensor has left its memory
};

Rounds measure(const Writer& writer) {
  Rounds rounds;
  for (int i = 0; i < kRounds; ++i) {
    Wide module(writer);
    kernels::drop_kept_pages();
    const double materialize = ms_of([&] { nn::materialize(module, Device::cpu()); });
    const double write = ms_of([&] { module.reset_parameters(); });
    kernels::drop_kept_pages();
    const double touch = ms_to_touch();
    Wide next(writer);  // has the memory that was just touched
    rounds.recycled.push_back(ms_of([&] { nn::materialize(next, Device::cpu()); }));
    rounds.materialize.push_back(materialize);
    rounds.write.push_back(write);
    rounds.touch.push_back(touch);
    rounds.writes.push_back((materialize - touch) / write);
  }
  return rounds;
}

Quartiles per_gib(std::vector<double> ms) {
  for (double& each : ms) each /= kGiB;
  return quartiles(std::move(ms));
}

}  // namespace

Part measure_materialize() {
  const Rounds normal = measure(nn::init::normal({.std = 0.02}));
  const Rounds zeros = measure(nn::init::zeros());
  return {.title = "materialize: 64 MiB of fresh memory with values",
          .figures = {{.name = "normal: (materialize - touch) / write",
                       .unit = "x",
                       .value = quartiles(normal.writes),
                       .goal = kGoalWrites,
                       .beside = {{"ms: materialize", quartiles(normal.materialize)},
                                  {"touch", quartiles(normal.touch)},
                                  {"write again", quartiles(normal.write)},
                                  {"recycled", quartiles(normal.recycled)}}},
                      {.name = "zeros",
                       .unit = "ms/GiB",
                       .value = per_gib(zeros.materialize),
                       .goal = kGoalZerosMsPerGiB,
                       .beside = {{"ms/GiB: touch", per_gib(zeros.touch)},
                                  {"recycled", per_gib(zeros.recycled)}}}}};
}

}  // namespace hollow::benchmarks
