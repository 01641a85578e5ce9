// The story the project exists for, as it is told in docs/semantics.md.

#include <memory>

#include "gtest/gtest.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/reduce.h"

namespace hollow {
namespace {

TEST(StoryTest, LayerScaleIsDescribedPlacedAndFilled) {
  std::unique_ptr<nn::LayerScale> ls;
  const int64_t before = memory_stats(Device::cpu()).bytes;
  {
    DeviceScope scope(Device::meta());
    ls = std::make_unique<nn::LayerScale>(1024, nn::LayerScaleOptions{.init_values = 1e-5f});
  }
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before);
  ls->to_empty(Device::cpu());
  EXPECT_THROW((void)ls->gamma().to_vector<float>(), Error);
  ls->reset_parameters();
  EXPECT_EQ(mean(ls->gamma()).item<float>(), 1e-5f);
  EXPECT_EQ(std(ls->gamma()).item<float>(), 0.0f);
}

TEST(StoryTest, LinearIsDescribedPlacedAndFilled) {
  const nn::Linear eager(20, 30);
  std::unique_ptr<nn::Linear> linear;
  {
    DeviceScope scope(Device::meta());
    linear = std::make_unique<nn::Linear>(20, 30);
  }
  linear->to_empty(Device::cpu());
  linear->reset_parameters();
  EXPECT_EQ(linear->weight().to_vector<float>(), eager.weight().to_vector<float>());
  EXPECT_EQ(linear->bias()->to_vector<float>(), eager.bias()->to_vector<float>());
  EXPECT_EQ((*linear)(ones({4, 20})).shape(), (Shape{4, 30}));
}

}  // namespace
}  // namespace hollow
