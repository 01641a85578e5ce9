#include "tensor/write_scope.h"

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/tensor.h"

namespace hollow {
namespace {

TEST(WriteScopeTest, AWritersWorkCountsAtItsEndAndIsPristineAtOnce) {
  const Tensor tensor = empty({4});
  Storage& storage = *tensor.storage();
  {
    WriteScope scope(storage, Author::kWriter, "test");
    fill_(tensor, 1);
    EXPECT_EQ(storage.state(), State::kPartial);
    EXPECT_TRUE(tensor.is_initialized());  // a second pass may read what the first wrote
    fill_(tensor, 2);
    EXPECT_EQ(storage.state(), State::kPartial);
    scope.finish(tensor.layout(), /*pristine=*/true);
    EXPECT_EQ(storage.state(), State::kInitialized);
    EXPECT_TRUE(storage.pristine());
  }
  fill_(tensor, 3);
  EXPECT_FALSE(storage.pristine());
}

TEST(WriteScopeTest, ALoadIsNotPristineAndCountsAsItGoes) {
  const Tensor tensor = empty({4});
  WriteScope scope(*tensor.storage(), Author::kLoad, "test");
  fill_(tensor, 1);
  EXPECT_EQ(tensor.state(), State::kInitialized);
  scope.finish(tensor.layout());
  EXPECT_FALSE(tensor.storage()->pristine());
}

}  // namespace
}  // namespace hollow
