#include "benchmarks/vit_tree.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/device.h"
#include "tensor/memory.h"

namespace hollow::benchmarks {
namespace {

using ::testing::ElementsAre;

class VitTreeTest : public ::testing::Test {
 protected:
  std::vector<std::string> names(absl::string_view prefix) const {
    std::vector<std::string> found;
    for (const nn::NamedTensor& parameter : tree_.named_parameters()) {
      if (absl::StartsWith(parameter.name, prefix)) found.push_back(parameter.name);
    }
    return found;
  }

  const MemoryStats before_ = memory_stats(Device::cpu());
  const DeviceScope scope_{Device::meta()};
  const VitTree tree_;
};

TEST_F(VitTreeTest, HasTheTensorsOfVitG) {
  EXPECT_EQ(names("").size(), 566);
  int64_t parameters = 0;
  for (const nn::NamedTensor& each : tree_.named_parameters()) parameters += each.tensor.numel();
  // DINOv2's dinov2_vitg14 has 1136480768: these and its mask_token, of 1536.
  EXPECT_EQ(parameters, 1136479232);
}

TEST_F(VitTreeTest, NamesThemAsDinov2Does) {
  EXPECT_THAT(names("blocks.0."),
              ElementsAre("blocks.0.norm1.weight", "blocks.0.norm1.bias",        //
                          "blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.bias",  //
                          "blocks.0.attn.proj.weight", "blocks.0.attn.proj.bias",
                          "blocks.0.ls1.gamma",                                //
                          "blocks.0.norm2.weight", "blocks.0.norm2.bias",      //
                          "blocks.0.mlp.w12.weight", "blocks.0.mlp.w12.bias",  //
                          "blocks.0.mlp.w3.weight", "blocks.0.mlp.w3.bias",    //
                          "blocks.0.ls2.gamma"));
  EXPECT_EQ(names("blocks.39.").size(), 14);
  EXPECT_THAT(names("c"), ElementsAre("cls_token"));
  EXPECT_THAT(names("p"),
              ElementsAre("pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"));
  EXPECT_THAT(names("n"), ElementsAre("norm.weight", "norm.bias"));
}

TEST_F(VitTreeTest, HoldsNoMemoryOnMeta) {
  for (const nn::NamedTensor& each : tree_.named_parameters()) {
    EXPECT_TRUE(each.tensor.is_meta()) << each.name;
  }
  EXPECT_EQ(memory_stats(Device::meta()).bytes, 0);
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before_.bytes);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before_.allocations);
}

}  // namespace
}  // namespace hollow::benchmarks
