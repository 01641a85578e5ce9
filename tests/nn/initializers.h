// Every initializer of nn/init.h, in both forms, with shapes and dtypes that it takes. Whoever adds
// one adds its row here.
#ifndef HOLLOW_TESTS_NN_INITIALIZERS_H_
#define HOLLOW_TESTS_NN_INITIALIZERS_H_

#include <functional>
#include <string>
#include <vector>

#include "nn/init.h"
#include "tests/testing.h"

namespace hollow::testing {

struct Initializer {
  std::string name;
  Writer writer;
  std::function<void(const Tensor&, RngKey)> function;
  bool random;
  std::vector<DType> dtypes;
  std::vector<Shape> shapes;
  std::vector<Shape> without_elements;
};

inline std::vector<Initializer> initializers() {
  namespace init = nn::init;
  const std::vector<DType> floats = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64};
  const std::vector<DType> numbers = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64,
                                      DType::kI64};
  const std::vector<DType> all = {DType::kF32, DType::kF16, DType::kBF16,
                                  DType::kF64, DType::kI64, DType::kBool};
  const std::vector<Shape> any = {{}, {13}, {7, 5}, {6, 4, 3, 2}};
  const std::vector<Shape> none = {{0}, {0, 5}, {5, 0}, {4, 0, 3}};
  const std::vector<Shape> matrices = {{7, 5}, {5, 7}, {6, 6}, {1, 9}};
  const std::vector<Shape> no_matrices = {{0, 5}, {5, 0}, {0, 0}};
  const std::vector<Shape> weights = {{7, 5}, {4, 6}, {6, 4, 3, 2}};
  const std::vector<Shape> no_weights = {{0, 5}, {5, 0}, {0, 0}, {4, 3, 0}};
  const std::vector<Shape> kernels = {{7, 5, 3}, {4, 6, 3, 2}, {6, 6, 1, 2, 3}};
  const std::vector<Shape> no_kernels = {{0, 5, 3}, {4, 0, 3}, {4, 6, 0, 2}};
  const init::KaimingOptions kaiming = {.a = 0.5, .mode = init::FanMode::kFanOut};
  return {
      {"constant", init::constant(2.5), [](const Tensor& t, RngKey) { init::constant_(t, 2.5); },
       false, floats, any, none},
      {"constant of values",
       init::constant(counting({7, 5})),
       [](const Tensor& t, RngKey) {
         init::constant_(t, counting({7, 5}, {.device = Device::cpu()}));
       },
       false,
       numbers,
       {{7, 5}},
       {}},
      {"zeros", init::zeros(), [](const Tensor& t, RngKey) { init::zeros_(t); }, false, all, any,
       none},
      {"ones", init::ones(), [](const Tensor& t, RngKey) { init::ones_(t); }, false, all, any,
       none},
      {"eye", init::eye(), [](const Tensor& t, RngKey) { init::eye_(t); }, false, all, matrices,
       no_matrices},
      {"dirac", init::dirac(), [](const Tensor& t, RngKey) { init::dirac_(t, {}); }, false, all,
       kernels, no_kernels},
      {"dirac in groups",
       init::dirac({.groups = 3}),
       [](const Tensor& t, RngKey) { init::dirac_(t, {.groups = 3}); },
       false,
       all,
       {{12, 2, 3}, {12, 5, 3, 4}, {9, 3, 2}},
       {{0, 5, 3}, {9, 0, 3}}},
      {"uniform", init::uniform(-1, 3),
       [](const Tensor& t, RngKey key) { init::uniform_(t, -1, 3, key); }, true, floats, any, none},
      {"normal", init::normal({.mean = 1, .std = 2}),
       [](const Tensor& t, RngKey key) { init::normal_(t, 1, 2, key); }, true, floats, any, none},
      {"trunc_normal", init::trunc_normal({.mean = 1, .std = 2, .a = 0, .b = 4}),
       [](const Tensor& t, RngKey key) { init::trunc_normal_(t, 1, 2, 0, 4, key); }, true, floats,
       any, none},
      {"bernoulli", init::bernoulli(0.25),
       [](const Tensor& t, RngKey key) { init::bernoulli_(t, 0.25, key); }, true, all, any, none},
      {"randint",
       init::randint(-50, 1000),
       [](const Tensor& t, RngKey key) { init::randint_(t, -50, 1000, key); },
       true,
       {DType::kI64},
       any,
       none},
      {"xavier_uniform", init::xavier_uniform({.gain = 2}),
       [](const Tensor& t, RngKey key) { init::xavier_uniform_(t, {.gain = 2}, key); }, true,
       floats, weights, no_weights},
      {"xavier_normal", init::xavier_normal(),
       [](const Tensor& t, RngKey key) { init::xavier_normal_(t, {}, key); }, true, floats, weights,
       no_weights},
      {"kaiming_uniform", init::kaiming_uniform(),
       [](const Tensor& t, RngKey key) { init::kaiming_uniform_(t, {}, key); }, true, floats,
       weights, no_weights},
      {"kaiming_normal", init::kaiming_normal(kaiming),
       [=](const Tensor& t, RngKey key) { init::kaiming_normal_(t, kaiming, key); }, true, floats,
       weights, no_weights},
      {"orthogonal", init::orthogonal({.gain = 2}),
       [](const Tensor& t, RngKey key) { init::orthogonal_(t, {.gain = 2}, key); }, true, floats,
       weights, no_weights},
      {"sparse",
       init::sparse(0.3, {.std = 2}),
       [](const Tensor& t, RngKey key) { init::sparse_(t, 0.3, {.std = 2}, key); },
       true,
       floats,
       {{7, 5}, {5, 7}, {20, 3}},
       no_matrices},
  };
}

}  // namespace hollow::testing

#endif  // HOLLOW_TESTS_NN_INITIALIZERS_H_
