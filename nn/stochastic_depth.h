// Which samples of a batch a residual block is computed for, and by what it is multiplied to be the
// same on average (Huang et al., "Deep Networks with Stochastic Depth", 2016).
//
//   const KeptSamples kept = nn::sample_subset(batch, 0.4, key);       // DINOv2's
//   ls.forward_index_add(x, kept.index, attention(x at kept.index), kept.scale);
//
// Like all that is random here a choice is a function of its key: another step is another
// generation, another block another name.
#ifndef HOLLOW_NN_STOCHASTIC_DEPTH_H_
#define HOLLOW_NN_STOCHASTIC_DEPTH_H_

#include <cstdint>
#include <vector>

#include "tensor/rng_key.h"

namespace hollow::nn {

struct KeptSamples {
  std::vector<int64_t> index;  // ascending
  double scale = 1;
};

// Drops each sample by itself with probability drop_prob, as DropPath of timm and DINOv2 does, or
// torchvision's StochasticDepth by rows. The scale is 1 / (1 - drop_prob); 1 where all are dropped.
// Throws Error(kValue) unless batch >= 0 and 0 <= drop_prob <= 1.
KeptSamples drop_path(int64_t batch, double drop_prob, RngKey key);

// Keeps max(int(batch * (1 - drop_ratio)), 1) samples, of which all choices are as likely, as
// drop_add_residual_stochastic_depth of DINOv2 does. The scale is batch over that. Throws
// Error(kValue) unless batch > 0 and 0 <= drop_ratio <= 1.
KeptSamples sample_subset(int64_t batch, double drop_ratio, RngKey key);

}  // namespace hollow::nn

#endif  // HOLLOW_NN_STOCHASTIC_DEPTH_H_
