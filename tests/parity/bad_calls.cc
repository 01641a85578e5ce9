#include <cstdint>
#include <limits>
#include <utility>

#include "absl/types/span.h"
#include "tensor/factory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/layer_scale_index_add.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tests/parity/table.h"

namespace hollow::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const RngKey kKey(1);

Tensor f32(Shape shape, Device d) { return ones(std::move(shape), {.device = d}); }
Tensor f16(Shape shape, Device d) {
  return ones(std::move(shape), {.dtype = DType::kF16, .device = d});
}
Tensor i64(Shape shape, Device d) {
  return ones(std::move(shape), {.dtype = DType::kI64, .device = d});
}
Tensor flags(Shape shape, Device d) {
  return ones(std::move(shape), {.dtype = DType::kBool, .device = d});
}
Tensor wide(Device d) { return f32({3}, d).expand({2, 3}); }

}  // namespace

std::vector<BadCall> bad_calls() {
  constexpr int64_t kHuge = int64_t{1} << 61;
  return {
      {"empty negative",
       [](Device d) {
         empty({2, -1}, {.device = d});
       }},
      {"empty huge", [](Device d) { empty({kHuge}, {.device = d}); }},
      {"empty rank",
       [](Device d) {
         empty({1, 1, 1, 1, 1, 1, 1, 1, 1}, {.device = d});
       }},
      {"empty grad",
       [](Device d) { empty({2}, {.dtype = DType::kI64, .device = d, .requires_grad = true}); }},
      {"full", [](Device d) { full({2}, 0.5, {.dtype = DType::kI64, .device = d}); }},
      {"full_like", [](Device d) { full_like(flags({2}, d), 2); }},
      {"from_values",
       [](Device d) {
         from_values<float>({1, 2}, {3}, {.device = d});
       }},
      {"rand", [](Device d) { rand({2}, kKey, {.dtype = DType::kI64, .device = d}); }},
      {"randn", [](Device d) { randn({2}, kKey, {.dtype = DType::kBool, .device = d}); }},

      {"size", [](Device d) { f32({2}, d).size(1); }},
      {"set_requires_grad", [](Device d) { i64({2}, d).set_requires_grad(true); }},
      {"reshape",
       [](Device d) {
         f32({2, 3}, d).reshape({4});
       }},
      {"reshape -1",
       [](Device d) {
         f32({2, 3}, d).reshape({-1, 4});
       }},
      {"reshape -1 -1",
       [](Device d) {
         f32({2, 3}, d).reshape({-1, -1});
       }},
      {"transpose",
       [](Device d) {
         f32({2, 3}, d).transpose(0, 2);
       }},
      {"permute",
       [](Device d) {
         f32({2, 3}, d).permute({0, 0});
       }},
      {"narrow",
       [](Device d) {
         f32({2, 3}, d).narrow(1, 2, 2);
       }},
      {"select",
       [](Device d) {
         f32({2, 3}, d).select(0, 2);
       }},
      {"expand",
       [](Device d) {
         f32({2, 3}, d).expand({2, 4});
       }},
      {"copy_ shape",
       [](Device d) {
         f32({2, 3}, d).copy_(f32({2}, d));
       }},
      {"copy_ expanded", [](Device d) { wide(d).copy_(f32({3}, d)); }},
      {"copy_ overlap",
       [](Device d) {
         const Tensor x = f32({4}, d);
         x.narrow(0, 0, 3).copy_(x.narrow(0, 1, 3));
       }},
      {"item", [](Device d) { f32({2}, d).item<float>(); }},
      {"data dtype", [](Device d) { (void)f32({2}, d).data<Half>(); }},
      {"mutable_data", [](Device d) { (void)wide(d).mutable_data<float>(); }},
      {"write", [](Device d) { wide(d).write<float>([](absl::Span<float>) {}); }},

      {"fill_ value", [](Device d) { fill_(i64({2}, d), kNaN); }},
      {"fill_ bool", [](Device d) { fill_(flags({2}, d), 2); }},
      {"fill_ expanded", [](Device d) { fill_(wide(d), 1); }},
      {"add shape",
       [](Device d) {
         add(f32({2, 3}, d), f32({4}, d));
       }},
      {"add rank",
       [](Device d) {
         add(f32({1, 1, 1, 1, 1, 1, 1, 1}, d),
             f32({1, 1, 1, 1, 1, 1, 1, 2}, d).reshape({2, 1, 1, 1, 1, 1, 1, 1, 1}));
       }},
      {"add dtype", [](Device d) { add(f32({2}, d), f16({2}, d)); }},
      {"mul bool", [](Device d) { mul(flags({2}, d), flags({2}, d)); }},
      {"mul scalar", [](Device d) { mul(i64({2}, d), 0.5); }},
      {"add_ shape",
       [](Device d) {
         add_(f32({3}, d), f32({2, 3}, d));
       }},
      {"add_ expanded", [](Device d) { add_(wide(d), f32({3}, d)); }},
      {"mul_ overlap",
       [](Device d) {
         const Tensor x = f32({3, 3}, d);
         mul_(x, x.transpose(0, 1));
       }},
      {"mul_ row",
       [](Device d) {
         const Tensor x = f32({3, 3}, d);
         mul_(x, x.select(0, 0));
       }},
      {"sum bool", [](Device d) { sum(flags({2}, d)); }},
      {"mean i64", [](Device d) { mean(i64({2}, d)); }},
      {"std i64", [](Device d) { std(i64({2}, d)); }},
      {"std correction", [](Device d) { std(f32({2}, d), -1); }},
      {"layer_scale shape",
       [](Device d) {
         layer_scale(f32({2, 3}, d), f32({2}, d));
       }},
      {"layer_scale gamma",
       [](Device d) {
         layer_scale(f32({2, 3}, d), f32({1, 3}, d));
       }},
      {"layer_scale scalar", [](Device d) { layer_scale(f32({}, d), f32({1}, d)); }},
      {"layer_scale dtype",
       [](Device d) {
         layer_scale(f32({2, 3}, d), f16({3}, d));
       }},
      {"layer_scale i64", [](Device d) { layer_scale(i64({3}, d), i64({3}, d)); }},
      {"layer_scale_out",
       [](Device d) {
         layer_scale_out(f32({3}, d), f32({2, 3}, d), f32({3}, d));
       }},
      {"layer_scale_ expanded", [](Device d) { layer_scale_(wide(d), f32({3}, d)); }},
      {"layer_scale_ overlap",
       [](Device d) {
         const Tensor x = f32({2, 3}, d);
         layer_scale_(x, x.select(0, 1));
       }},
      {"linear shape",
       [](Device d) {
         linear(f32({2, 3}, d), f32({4, 2}, d));
       }},
      {"layer_scale_add residual",
       [](Device d) {
         layer_scale_add(f32({3}, d), f32({2, 3}, d), f32({3}, d));
       }},
      {"layer_scale_add_ alpha",
       [](Device d) {
         layer_scale_add_(f32({2, 3}, d), f32({2, 3}, d), f32({3}, d), kNaN);
       }},
      {"layer_scale_index_add_ sample",
       [](Device d) {
         layer_scale_index_add_(f32({2, 3}, d), {2}, f32({1, 3}, d), f32({3}, d));
       }},
      {"layer_scale_index_add_ twice",
       [](Device d) {
         layer_scale_index_add_(f32({2, 3}, d), {1, 1}, f32({2, 3}, d), f32({3}, d));
       }},
      {"layer_scale_drop_path_add_ shape",
       [](Device d) {
         layer_scale_drop_path_add_(f32({2, 3}, d), {1}, f32({1, 3}, d), f32({3}, d));
       }},
      {"layer_scale_backward grad_y",
       [](Device d) {
         layer_scale_backward(f32({3}, d), f32({2, 3}, d), f32({3}, d));
       }},
      {"layer_scale_backward_out one",
       [](Device d) {
         const Tensor both = f32({3}, d);
         layer_scale_backward_out(both, both, f32({3}, d), f32({3}, d), f32({3}, d));
       }},
      {"layer_scale_index_add_backward index",
       [](Device d) {
         layer_scale_index_add_backward(f32({2, 3}, d), {5}, f32({1, 3}, d), f32({3}, d));
       }},
      {"linear bias",
       [](Device d) {
         linear(f32({2, 3}, d), f32({4, 3}, d), f32({3}, d));
       }},
      {"linear dtype",
       [](Device d) {
         linear(f32({2, 3}, d), f16({4, 3}, d));
       }},
      {"linear bias dtype",
       [](Device d) {
         linear(f32({2, 3}, d), f32({4, 3}, d), f16({4}, d));
       }},
      {"linear i64",
       [](Device d) {
         linear(i64({2, 3}, d), i64({4, 3}, d));
       }},
      {"uniform_ bounds", [](Device d) { uniform_(f32({2}, d), 1, 0, kKey); }},
      {"normal_ std", [](Device d) { normal_(f32({2}, d), 0, -1, kKey); }},
      {"normal_ i64", [](Device d) { normal_(i64({2}, d), 0, 1, kKey); }},
      {"trunc_normal_ bounds", [](Device d) { trunc_normal_(f32({2}, d), 0, 1, 2, -2, kKey); }},
      {"trunc_normal_ expanded", [](Device d) { trunc_normal_(wide(d), 0, 1, -2, 2, kKey); }},
      {"trunc_normal_ shard",
       [](Device d) {
         const Shard shard = {{6, 4}, {4, 0}, {3, 4}};
         trunc_normal_(f32({3, 4}, d), 0, 1, -2, 2, kKey, &shard);
       }},
      {"bernoulli_ p", [](Device d) { bernoulli_(f32({2}, d), 1.5, kKey); }},
      {"randint_ range", [](Device d) { randint_(i64({2}, d), 3, 3, kKey); }},
      {"randint_ f32", [](Device d) { randint_(f32({2}, d), 0, 3, kKey); }},
      {"allclose", [](Device d) { (void)allclose(f32({2}, d), f32({3}, d)); }},
  };
}

}  // namespace hollow::testing
