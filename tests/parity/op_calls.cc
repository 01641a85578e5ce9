#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/layer_scale_index_add.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tests/parity/inputs.h"
#include "tests/parity/table.h"

namespace hollow::testing {
namespace {

void add_elementwise(std::vector<Call>* calls) {
  for (const DType t : kAll) {
    calls->push_back({absl::StrCat("fill_ ", to_string(t)), [=](Device d) -> Results {
                        const Tensor view = strided(t, d), scalar = in({}, t, d);
                        fill_(view.select(0, 2), true);
                        fill_(scalar, 1);
                        fill_(view.narrow(0, 1, 0), 0);
                        return {view, scalar, view.narrow(0, 1, 0)};
                      }});
  }
  const std::pair<const char*, std::pair<Tensor (*)(const Tensor&, const Tensor&),
                                         void (*)(const Tensor&, const Tensor&)>>
      kOps[] = {{"add", {add, add_}}, {"mul", {mul, mul_}}};
  for (const auto& [name, forms] : kOps) {
    const auto [make, into] = forms;
    for (const DType t : kNumbers) {
      calls->push_back({absl::StrCat(name, " ", to_string(t)), [=](Device d) -> Results {
                          const Tensor a = strided(t, d), b = in({4, 5}, t, d, "b");
                          return {make(a, b),
                                  make(b, b.select(0, 1)),
                                  make(b.narrow(1, 0, 1), a),
                                  make(a, in({}, t, d)),
                                  make(in({3, 1, 2}, t, d), in({4, 1}, t, d)),
                                  make(in({0, 2}, t, d), in({2}, t, d)),
                                  make(in({}, t, d), in({}, t, d)),
                                  make(in({300, 257}, t, d), in({257}, t, d))};
                        }});
      calls->push_back({absl::StrCat(name, "_ ", to_string(t)), [=](Device d) -> Results {
                          const Tensor a = strided(t, d), b = in({5}, t, d, "b");
                          into(a, b);
                          into(b, b);
                          into(a.select(1, 0), a.select(1, 3));
                          const Tensor none = in({0, 5}, t, d), scalar = in({}, t, d);
                          into(none, b);
                          into(scalar, b.select(0, 2));
                          return {a, b, none, scalar};
                        }});
    }
  }
  for (const DType t : kNumbers) {
    calls->push_back({absl::StrCat("scalar forms ", to_string(t)), [=](Device d) -> Results {
                        const Tensor x = strided(t, d), y = in({2, 3}, t, d);
                        add_(y, 3);
                        mul_(y, -2);
                        return {add(x, 2), mul(x, 3), y, add(in({0}, t, d), 1)};
                      }});
  }
}

void add_reductions(std::vector<Call>* calls) {
  for (const DType t : kNumbers) {
    calls->push_back({absl::StrCat("sum ", to_string(t)),
                      [=](Device d) -> Results {
                        return {sum(in({70001, 3}, t, d)), sum(strided(t, d)), sum(in({}, t, d)),
                                sum(in({0, 2}, t, d)), sum(in({3}, t, d).expand({4, 3}))};
                      },
                      t == DType::kI64 ? Nearness::kBits : Nearness::kRounding});
  }
  for (const DType t : kFloats) {
    calls->push_back({absl::StrCat("mean, std ", to_string(t)),
                      [=](Device d) -> Results {
                        const Tensor x = in({70001, 3}, t, d), v = strided(t, d);
                        const Tensor one = in({}, t, d), none = in({0}, t, d);
                        return {mean(x),   mean(v),  mean(one), mean(none),  std(x),    std(v),
                                std(v, 0), std(one), std(none), std(one, 0), std(v, 20)};
                      },
                      Nearness::kRounding});
  }
}

std::vector<LayerScaleGrads> backward_calls(DType t, Device d) {
  const Tensor gamma = in({5}, t, d, "gamma"), row = in({36}, t, d);
  const Tensor unaligned = row.narrow(0, 1, 35).reshape({7, 5});
  const Tensor aligned = in({4, 33, 384}, t, d), factors = in({384}, t, d, "gamma");
  const Tensor dy = in({4, 33, 384}, t, d, "dy"), tall = in({5000, 3}, t, d);
  const LayerScaleGrads into = {in({4, 5}, t, d, "dy"), in({5}, t, d)};
  layer_scale_backward_out(into.x, into.gamma, into.x, strided(t, d), gamma, 0.3);
  return {into,
          layer_scale_backward(unaligned, unaligned, gamma),
          layer_scale_backward(dy, aligned, factors, 0.9),
          layer_scale_backward(tall, tall, in({3}, t, d, "gamma")),
          layer_scale_backward(gamma, gamma, gamma),
          layer_scale_backward(in({0, 5}, t, d), in({0, 5}, t, d), gamma),
          layer_scale_index_add_backward(dy, {2, 0}, aligned.narrow(0, 1, 2), factors, 2),
          layer_scale_drop_path_add_backward(dy, {2, 0}, aligned, factors, 2),
          layer_scale_drop_path_add_backward(dy, {}, aligned, factors)};
}

void add_layers(std::vector<Call>* calls) {
  for (const DType t : kFloats) {
    calls->push_back(
        {absl::StrCat("layer_scale ", to_string(t)), [=](Device d) -> Results {
           const Tensor gamma = in({5}, t, d, "gamma"), row = in({36}, t, d);
           const Tensor aligned = in({2, 33, 384}, t, d);
           const Tensor unaligned = row.narrow(0, 1, 35).reshape({7, 5});
           return {layer_scale(aligned, in({384}, t, d, "gamma")),
                   layer_scale(unaligned, gamma),
                   layer_scale(strided(t, d), gamma),
                   layer_scale(in({4, 5}, t, d), in({10}, t, d).reshape({5, 2}).select(1, 1)),
                   layer_scale(in({0, 5}, t, d), gamma),
                   layer_scale(in({3, 0}, t, d), in({0}, t, d)),
                   layer_scale(gamma, gamma),
                   layer_scale(in({3, 1}, t, d), in({1}, t, d))};
         }});
    calls->push_back(
        {absl::StrCat("layer_scale_out, layer_scale_ ", to_string(t)), [=](Device d) -> Results {
           const Tensor gamma = in({5}, t, d, "gamma"), x = strided(t, d);
           const Tensor y = zeros({5, 4}, {.dtype = t, .device = d}).transpose(0, 1);
           layer_scale_out(y, x, gamma);
           const Tensor rows = in({3, 5}, t, d), row = in({36}, t, d);
           layer_scale_out(rows, rows, gamma);
           layer_scale_(x, gamma);
           layer_scale_(row.narrow(0, 1, 35).reshape({7, 5}), gamma);
           return {y, x, rows, row};
         }});
    calls->push_back(
        {absl::StrCat("layer_scale_add ", to_string(t)), [=](Device d) -> Results {
           const Tensor gamma = in({5}, t, d, "gamma"), r = strided(t, d), row = in({36}, t, d);
           const Tensor x = in({4, 5}, t, d, "x"), y = zeros({4, 5}, {.dtype = t, .device = d});
           const Tensor aligned = in({2, 33, 384}, t, d);
           const Tensor unaligned = row.narrow(0, 1, 35).reshape({7, 5});
           layer_scale_add_out(y, r, x, gamma, 0.3);
           layer_scale_add_(r, x, gamma, -0.7);
           layer_scale_add_(unaligned, in({7, 5}, t, d, "x"), gamma);
           return {
               y, r, row,
               layer_scale_add(aligned, in({2, 33, 384}, t, d, "x"), in({384}, t, d, "gamma"), 0.9),
               layer_scale_add(in({0, 5}, t, d), in({0, 5}, t, d), gamma)};
         }});
    calls->push_back(
        {absl::StrCat("layer_scale_index_add_ ", to_string(t)), [=](Device d) -> Results {
           const Tensor gamma = in({7}, t, d, "gamma"), x = in({3, 2, 7}, t, d, "x");
           const Tensor odd = in({5, 2, 7}, t, d), strided = in({7, 5, 2}, t, d).permute({1, 2, 0});
           const Tensor aligned = in({4, 33, 384}, t, d), all = in({4, 33, 384}, t, d, "x");
           const Tensor factors = in({384}, t, d, "gamma");
           layer_scale_index_add_(odd, {4, 0, 3}, x, gamma, 0.3);
           layer_scale_index_add_(strided, {4, 0, 3}, x, gamma, 0.3);
           layer_scale_index_add_(aligned, {2}, all.narrow(0, 1, 1), factors, -1.5);
           layer_scale_index_add_(aligned, {}, all.narrow(0, 1, 0), factors);
           layer_scale_drop_path_add_(aligned, {3, 0}, all, factors, 1.25);
           return {odd, strided, aligned};
         }});
    const bool is_f64 = t == DType::kF64;
    calls->push_back({absl::StrCat("layer_scale_backward: of x ", to_string(t)),
                      [=](Device d) -> Results {
                        std::vector<Tensor> results;
                        for (const LayerScaleGrads& each : backward_calls(t, d)) {
                          results.push_back(each.x);
                        }
                        return results;
                      },
                      is_f64 ? Nearness::kNotThereYet : Nearness::kBits});
    calls->push_back({absl::StrCat("layer_scale_backward: of gamma ", to_string(t)),
                      [=](Device d) -> Results {
                        std::vector<Tensor> results;
                        for (const LayerScaleGrads& each : backward_calls(t, d)) {
                          results.push_back(each.gamma);
                        }
                        return results;
                      },
                      is_f64 ? Nearness::kNotThereYet : Nearness::kF32Sums});
  }
  for (const DType t : kF32Floats) {
    calls->push_back({absl::StrCat("linear ", to_string(t)),
                      [=](Device d) -> Results {
                        const Tensor w = in({3, 5}, t, d, "w"), b = in({3}, t, d, "b");
                        return {linear(strided(t, d), w), linear(in({2, 4, 5}, t, d), w, b),
                                linear(in({5}, t, d), w, b), linear(in({0, 5}, t, d), w),
                                linear(in({2, 7}, t, d), in({7, 3}, t, d).transpose(0, 1))};
                      },
                      Nearness::kNotThereYet});
  }
}

void add_random(std::vector<Call>* calls) {
  const std::pair<const char*, std::function<void(const Tensor&, RngKey, const Shard*)>> kFills[] =
      {{"uniform_",
        [](const Tensor& x, RngKey key, const Shard* s) { uniform_(x, -0.3, 2, key, s); }},
       {"normal_", [](const Tensor& x, RngKey key, const Shard* s) { normal_(x, 0.5, 3, key, s); }},
       {"trunc_normal_",
        [](const Tensor& x, RngKey key, const Shard* s) { trunc_normal_(x, 0, 1, -2, 2, key, s); }},
       {"trunc_normal_ tail",
        [](const Tensor& x, RngKey key, const Shard* s) { trunc_normal_(x, 9, 1, -2, 2, key, s); }},
       {"bernoulli_",
        [](const Tensor& x, RngKey key, const Shard* s) { bernoulli_(x, 0.3, key, s); }},
       {"randint_",
        [](const Tensor& x, RngKey key, const Shard* s) { randint_(x, -9, 1 << 20, key, s); }}};
  for (const auto& [name, fill] : kFills) {
    const std::string op = name;
    for (const DType t : kAll) {
      const bool is_float = t != DType::kI64 && t != DType::kBool;
      const bool takes = op == "randint_" ? t == DType::kI64 : is_float || op == "bernoulli_";
      if (!takes) continue;
      calls->push_back({absl::StrCat(name, " ", to_string(t)), [=, f = fill](Device d) -> Results {
                          const Tensor x = in({1, 50003}, t, d), v = strided(t, d);
                          const Tensor one = in({}, t, d), none = in({0, 3}, t, d);
                          const Tensor part = in({3, 301}, t, d), column = in({40, 1}, t, d);
                          const RngKey key = (RngKey(3) / "blocks.0.w").with_generation(1);
                          for (const Tensor& each : Results{x, v, one, none}) f(each, key, nullptr);
                          const Shard box = {{40, 1000}, {7, 333}, {3, 301}};
                          const Shard line = {{40, 1000}, {0, 5}, {40, 1}};
                          f(part, key, &box);
                          f(column, key, &line);
                          return {x, v, one, none, part, column};
                        }});
    }
  }
}

}  // namespace

std::vector<Call> op_calls() {
  std::vector<Call> calls;
  add_elementwise(&calls);
  add_reductions(&calls);
  add_layers(&calls);
  add_random(&calls);
  return calls;
}

}  // namespace hollow::testing
