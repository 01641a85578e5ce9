// The module tree of a vision transformer: the names, shapes and writers of DINOv2's ViT-g/14, and
// no arithmetic. It is what the deferred-init benchmark describes on meta, 566 tensors in all.
//
//   DeviceScope scope(Device::meta());
//   VitTree tree;                    // 1.1 G parameters, 0 bytes
//   tree.named_parameters();         // cls_token, pos_embed, patch_embed.proj.weight, ...
//
// It is built on default_device(): on a real one it takes 4.5 GB and is initialized.
#ifndef HOLLOW_BENCHMARKS_VIT_TREE_H_
#define HOLLOW_BENCHMARKS_VIT_TREE_H_

#include <cstdint>

#include "nn/module.h"

namespace hollow::benchmarks {

struct VitOptions {
  int64_t depth = 40;
  int64_t dim = 1536;
  int64_t hidden = 4096;  // between the two products of an MLP, which is a SwiGLU: w12, then w3
  int64_t patch = 14;
  int64_t patches = 37 * 37;
};

class VitTree : public nn::Module {
 public:
  explicit VitTree(const VitOptions& options = {});
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_VIT_TREE_H_
