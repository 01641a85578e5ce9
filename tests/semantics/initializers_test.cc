// Case 6 of docs/semantics.md: no initializer asks for memory or for elements.

#include "tests/nn/initializers.h"

#include "nn/init.h"
#include "nn/module.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::Initializer;
using testing::initializers;

TEST(InitializersTest, Case06_OnMetaTheyCheckAndWriteNothing) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      for (const DType dtype : each.dtypes) {
        const Tensor tensor = empty(shape, {.dtype = dtype, .device = Device::meta()});
        each.writer(tensor, RngKey(1));
        each.function(tensor, RngKey(1));
        EXPECT_TRUE(tensor.is_meta()) << each.name;
        EXPECT_EQ(tensor.shape(), shape) << each.name;
      }
    }
  }
}

TEST(InitializersTest, Case06_OnMetaInASlotTheyGiveTheEagerValuesLater) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.shapes) {
      nn::Module eager, deferred;
      const auto declare = [&](nn::Module& module, Device device) -> const Tensor& {
        return module.add_buffer("w", shape, each.writer, nn::Persistent::kYes,
                                 {.dtype = each.dtypes.back(), .device = device});
      };
      const Tensor& expected = declare(eager, Device::cpu());
      const Tensor& tensor = declare(deferred, Device::meta());
      EXPECT_TRUE(tensor.is_meta()) << each.name;
      deferred.to_empty(Device::cpu());
      deferred.reset_parameters();
      EXPECT_EQ(testing::bits(tensor), testing::bits(expected)) << each.name << to_string(shape);
    }
  }
}

TEST(InitializersTest, Case06_NoElementsAreInitializedAtOnce) {
  for (const Initializer& each : initializers()) {
    for (const Shape& shape : each.without_elements) {
      for (const DType dtype : each.dtypes) {
        for (const Device device : {Device::cpu(), Device::meta()}) {
          const Tensor tensor = empty(shape, {.dtype = dtype, .device = device});
          each.writer(tensor, RngKey(1));
          each.function(tensor, RngKey(1));
          EXPECT_EQ(tensor.is_initialized(), !device.is_meta()) << each.name << to_string(shape);
          EXPECT_EQ(tensor.shape(), shape) << each.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hollow
