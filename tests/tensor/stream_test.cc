#include "tensor/stream.h"

#include <string>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/place.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

TEST(StreamTest, OnlyCudaHasStreams) {
  expect_error(ErrorCode::kDevice, {"StreamScope:", "cpu has no streams", "cuda"},
               [] { StreamScope(Device::cpu(), 0); });
  expect_error(ErrorCode::kDevice, {"StreamScope:", "meta has no streams"},
               [] { StreamScope(Device::meta(), 0); });
}

TEST(StreamTest, AStreamOutOfRangeIsAnErrorAndChangesNothing) {
  for (const int stream : {-1, 32}) {
    expect_error(ErrorCode::kValue,
                 {"StreamScope:", "stream " + std::to_string(stream), "cuda:2", "0 to 31"},
                 [stream] { StreamScope(Device::cuda(2), stream); });
  }
  EXPECT_EQ(current_stream(Device::cuda(2)), 0);
}

// A scope is a name: no device is asked.
TEST(StreamTest, ScopesNestADevice) {
  {
    const StreamScope outer(Device::cuda(1), 31);
    EXPECT_EQ(current_stream(Device::cuda(1)), 31);
    EXPECT_EQ(current_stream(Device::cuda(2)), 0);
    {
      const StreamScope inner(Device::cuda(1), 4);
      const StreamScope other(Device::cuda(2), 9);
      EXPECT_EQ(current_stream(Device::cuda(1)), 4);
      EXPECT_EQ(current_stream(Device::cuda(2)), 9);
    }
    EXPECT_EQ(current_stream(Device::cuda(1)), 31);
    EXPECT_EQ(current_stream(Device::cpu()), 0);
  }
  EXPECT_EQ(current_stream(Device::cuda(1)), 0);
}

TEST(StreamTest, CpuAndMetaAreAlwaysDone) {
  EXPECT_NO_THROW(synchronize(Device::cpu()));
  EXPECT_NO_THROW(synchronize(Device::meta()));
}

TEST(StreamTest, ADeviceThatIsNotThereIsAnErrorThatNamesIt) {
  expect_error(ErrorCode::kDevice, {"synchronize", "cuda:127"},
               [] { synchronize(Device::cuda(127)); });
}

TEST(StreamTest, OrderOnTheCpuIsFree) {
  const Tensor tensor = ones({2});
  const StreamOrder first("op", Device::cpu(), {tensor.storage().get()});
  const StreamOrder second("op", Device::cpu(), {tensor.storage().get()});
  EXPECT_EQ(tensor.storage()->last_stream(), 0);
}

}  // namespace
}  // namespace hollow
