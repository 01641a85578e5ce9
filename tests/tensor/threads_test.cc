#include "tensor/threads.h"

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/ops/reduce.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::expect_error;

// First: what set_num_threads says hides the variable.
TEST(ThreadsTest, AnEnvironmentVariableThatIsNoCountIsAnError) {
  for (const char* const text : {"0", "-1", "1025", "two", "3x", "99999999999"}) {
    setenv("HOLLOW_NUM_THREADS", text, /*overwrite=*/1);
    expect_error(ErrorCode::kValue,
                 {"num_threads:", "HOLLOW_NUM_THREADS", text, "1 to 1024", "unset"},
                 [] { num_threads(); });
  }
  setenv("HOLLOW_NUM_THREADS", "3", /*overwrite=*/1);
  EXPECT_EQ(num_threads(), 3);
}

TEST(ThreadsTest, TakesWhatWasSaidLast) {
  set_num_threads(7);
  EXPECT_EQ(num_threads(), 7);
  set_num_threads(1024);
  EXPECT_EQ(num_threads(), 1024);
  set_num_threads(1);
  EXPECT_EQ(num_threads(), 1);
}

TEST(ThreadsTest, ACountOutOfRangeIsAnErrorAndChangesNothing) {
  set_num_threads(5);
  for (const int count : {0, -1, 1025}) {
    expect_error(ErrorCode::kValue, {"set_num_threads:", std::to_string(count), "1 to 1024"},
                 [count] { set_num_threads(count); });
  }
  EXPECT_EQ(num_threads(), 5);
}

TEST(ThreadsTest, ResultsDoNotDependOnTheCount) {
  const Shape shape = {3, 100003};
  set_num_threads(1);
  const Tensor one = randn(shape, RngKey(1));
  const Tensor one_sum = sum(one);
  for (const int count : {2, 3, 8}) {
    set_num_threads(count);
    const Tensor many = randn(shape, RngKey(1));
    EXPECT_EQ(bits(many), bits(one)) << count;
    EXPECT_EQ(bits(sum(many)), bits(one_sum)) << count;
  }
}

}  // namespace
}  // namespace hollow
