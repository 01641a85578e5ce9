// A model with one of everything that a slot can be, for the cases. No two slots have the same
// values, and none has values that a wrongly reset neighbour could pass for.
#ifndef HOLLOW_TESTS_SEMANTICS_TOY_MODEL_H_
#define HOLLOW_TESTS_SEMANTICS_TOY_MODEL_H_

#include <cmath>
#include <cstdint>

#include "nn/containers.h"
#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "nn/module.h"
#include "tensor/ops/elementwise.h"

namespace hollow {

struct ToyBlock : nn::Module {
  explicit ToyBlock(int64_t dim, double init_values)
      : fc(add_child<nn::Linear>("fc", dim, dim)),
        ls1(add_child<nn::LayerScale>("ls1", dim,
                                      nn::LayerScaleOptions{.init_values = init_values})),
        ls2(add_child<nn::LayerScale>("ls2", dim,
                                      nn::LayerScaleOptions{.init_values = 2 * init_values})) {}

  Tensor forward(const Tensor& x) override { return add(x, ls2(ls1(fc(x)))); }

  nn::Linear& fc;
  nn::LayerScale& ls1;
  nn::LayerScale& ls2;
};

// Parameters token, blocks.{i}.fc.{weight,bias}, blocks.{i}.ls{1,2}.gamma; buffers steps (i64),
// mask (bool), and inv_freq, which is not in the state dict.
struct ToyModel : nn::Module {
  explicit ToyModel(int64_t dim = 6, int depth = 2)
      : token(add_parameter("token", {1, dim}, nn::init::trunc_normal({.std = 0.02}))),
        steps(add_buffer("steps", {}, nn::init::constant(41), nn::Persistent::kYes,
                         {.dtype = DType::kI64})),
        mask(add_buffer("mask", {dim}, write_mask, nn::Persistent::kYes, {.dtype = DType::kBool})),
        inv_freq(add_buffer("inv_freq", {dim / 2}, write_inv_freq, nn::Persistent::kNo)),
        blocks(add_child<nn::ModuleList>("blocks")) {
    for (int i = 0; i < depth; ++i) blocks.append<ToyBlock>(dim, 0.25 * (i + 1));
  }

  Tensor forward(const Tensor& x) override {
    Tensor y = add(x, token);
    for (nn::Module* const block : blocks.children()) y = block->forward(y);
    return y;
  }

  static void write_mask(const Tensor& tensor, RngKey) {
    tensor.write<bool>([](absl::Span<bool> values) {
      for (size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == 0;
    });
  }

  static void write_inv_freq(const Tensor& tensor, RngKey) {
    tensor.write<float>([](absl::Span<float> values) {
      const float count = static_cast<float>(values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        values[i] = std::pow(100.0f, -static_cast<float>(i) / count);
      }
    });
  }

  Tensor& token;
  Tensor& steps;
  Tensor& mask;
  Tensor& inv_freq;
  nn::ModuleList& blocks;
};

}  // namespace hollow

#endif  // HOLLOW_TESTS_SEMANTICS_TOY_MODEL_H_
