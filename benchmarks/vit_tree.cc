#include "benchmarks/vit_tree.h"

#include "nn/containers.h"
#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"

namespace hollow::benchmarks {
namespace {

class LayerNorm : public nn::Module {
 public:
  explicit LayerNorm(int64_t dim) {
    add_parameter("weight", {dim}, nn::init::ones());
    add_parameter("bias", {dim}, nn::init::zeros());
  }
};

class PatchProjection : public nn::Module {
 public:
  PatchProjection(int64_t dim, int64_t patch) {
    add_parameter("weight", {dim, 3, patch, patch}, nn::init::trunc_normal({.std = 0.02}));
    add_parameter("bias", {dim}, nn::init::zeros());
  }
};

class PatchEmbed : public nn::Module {
 public:
  PatchEmbed(int64_t dim, int64_t patch) { add_child<PatchProjection>("proj", dim, patch); }
};

class Attention : public nn::Module {
 public:
  explicit Attention(int64_t dim) {
    add_child<nn::Linear>("qkv", dim, 3 * dim);
    add_child<nn::Linear>("proj", dim, dim);
  }
};

class SwiGlu : public nn::Module {
 public:
  SwiGlu(int64_t dim, int64_t hidden) {
    add_child<nn::Linear>("w12", dim, 2 * hidden);
    add_child<nn::Linear>("w3", hidden, dim);
  }
};

class Block : public nn::Module {
 public:
  Block(int64_t dim, int64_t hidden) {
    add_child<LayerNorm>("norm1", dim);
    add_child<Attention>("attn", dim);
    add_child<nn::LayerScale>("ls1", dim);
    add_child<LayerNorm>("norm2", dim);
    add_child<SwiGlu>("mlp", dim, hidden);
    add_child<nn::LayerScale>("ls2", dim);
  }
};

}  // namespace

VitTree::VitTree(const VitOptions& options) {
  add_parameter("cls_token", {1, 1, options.dim}, nn::init::normal({.std = 1e-6}));
  add_parameter("pos_embed", {1, 1 + options.patches, options.dim},
                nn::init::trunc_normal({.std = 0.02}));
  add_child<PatchEmbed>("patch_embed", options.dim, options.patch);
  auto& blocks = add_child<nn::ModuleList>("blocks");
  for (int64_t i = 0; i < options.depth; ++i) blocks.append<Block>(options.dim, options.hidden);
  add_child<LayerNorm>("norm", options.dim);
}

}  // namespace hollow::benchmarks
