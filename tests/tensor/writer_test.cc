#include "tensor/writer.h"

#include <vector>

#include "tensor/device.h"
#include "tensor/ops/fill.h"
#include "tests/shards.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

const RngKey kKey = RngKey(7) / "w";

// What is written tells the place and the key.
void write_ramp(const Tensor& tensor, RngKey key) {
  tensor.copy_(counting(tensor.shape(), {.dtype = DType::kI64, .device = Device::cpu()},
                        static_cast<int64_t>(key.bits() % 100)));
}

TEST(WriterTest, AnEmptyOneEqualsNull) {
  EXPECT_TRUE(Writer() == nullptr);
  EXPECT_TRUE(Writer(nullptr) == nullptr);
  EXPECT_FALSE(Writer(write_ramp) == nullptr);
  EXPECT_FALSE(Writer([](const Tensor&, RngKey, const Shard*) {}) == nullptr);
}

TEST(WriterTest, OneOfWholesIsCut) {
  const Writer ramp = write_ramp;
  const Tensor whole = empty({7, 5});
  ramp(whole, kKey);
  for (const DType dtype : {DType::kF32, DType::kBF16, DType::kI64}) {
    for (const Shard& shard : testing::shards_of({7, 5})) {
      const Tensor part = empty(shard.shape, {.dtype = dtype});
      ramp(part, kKey, shard);
      EXPECT_EQ(bits(part), bits(testing::box(whole, shard).to(dtype))) << shard << dtype;
    }
  }
}

TEST(WriterTest, ItsWholeIsOnTheHostAndOfThePartsDType) {
  std::vector<Shape> shapes;
  const Writer writer = [&](const Tensor& tensor, RngKey) {
    shapes.push_back(tensor.shape());
    EXPECT_EQ(tensor.dtype(), DType::kBF16);
    EXPECT_EQ(tensor.device(), Device::cpu());
    EXPECT_TRUE(tensor.is_contiguous());
    EXPECT_EQ(empty({1}).device(), Device::cpu()) << "what it makes on the way is beside it";
    fill_(tensor, 3);
  };
  DeviceScope scope(Device::meta());
  const Tensor part = empty({3, 2}, {.dtype = DType::kBF16, .device = Device::cpu()});
  writer(part.transpose(0, 1), kKey, chunk({2, 6}, 1, 0, 2));
  EXPECT_EQ(shapes, (std::vector<Shape>{{2, 6}}));
  EXPECT_EQ(part.to_vector<float>(), std::vector<float>(6, 3));
}

TEST(WriterTest, OneThatKnowsShardsIsGivenTheShard) {
  std::vector<Shard> seen;
  int wholes = 0;
  const Writer writer = [&](const Tensor& tensor, RngKey key, const Shard* shard) {
    EXPECT_EQ(key, kKey);
    shard == nullptr ? ++wholes : (seen.push_back(*shard), 0);
    fill_(tensor, 1);
  };
  const Shard shard = chunk({4, 2}, 0, 1, 4);
  writer(empty({1, 2}), kKey, shard);
  EXPECT_EQ(seen, std::vector<Shard>{shard});
  EXPECT_EQ(wholes, 0);
  writer(empty({4, 2}), kKey);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(wholes, 1);
}

TEST(WriterTest, CopiesHoldWhatTheyNeedEach) {
  Writer writer = [count = 0](const Tensor& tensor, RngKey) mutable { fill_(tensor, ++count); };
  const Writer copy = writer;
  const Tensor tensor = empty({});
  writer(tensor, kKey);
  writer(tensor, kKey);
  EXPECT_EQ(tensor.item<int64_t>(), 2);
  copy(tensor, kKey);
  EXPECT_EQ(tensor.item<int64_t>(), 1);
}

TEST(WriterTest, OnMetaAShardIsCheckedAndNothingWritten) {
  const Writer writer = [](const Tensor& tensor, RngKey) { fill_(tensor, 2.5); };
  const Shard shard = chunk({4}, 0, 1, 2);
  const Tensor part = empty({2}, {.device = Device::meta()});
  writer(part, kKey, shard);
  EXPECT_TRUE(part.is_meta());
  expect_error(ErrorCode::kValue, {"fill_", "2.5"}, [&] {
    writer(empty({2}, {.dtype = DType::kI64, .device = Device::meta()}), kKey, shard);
  });
}

TEST(WriterTest, AShardThatDoesNotFitIsRefusedBeforeTheWriterRuns) {
  const Writer writer = [](const Tensor&, RngKey, const Shard*) { ADD_FAILURE(); };
  expect_error(ErrorCode::kShape, {"Writer", "[2] at [2] of [4] is not a tensor of shape [3]"},
               [&] { writer(empty({3}), kKey, chunk({4}, 0, 1, 2)); });
  expect_error(ErrorCode::kShape, {"Writer", "does not lie in its whole"},
               [&] { writer(empty({2}), kKey, {.whole = {4}, .offset = {3}, .shape = {2}}); });
}

TEST(WriterTest, OneThatLeavesElementsOutIsFound) {
  const Writer writer = [](const Tensor& tensor, RngKey) { fill_(tensor.narrow(0, 0, 3), 1); };
  for (const int64_t part : {0, 1}) {  // the first is written, and yet the writer is wrong
    const Shard shard = chunk({4}, 0, part, 2);
    expect_error(ErrorCode::kWriter,
                 {"Writer:", "left 1 of 4 elements unwritten", to_string(shard), "all of it"},
                 [&] { writer(empty({2}), kKey, shard); });
  }
}

TEST(WriterTest, OfAnEmptyFunctionItIsEmpty) {
  const std::function<void(const Tensor&, RngKey)> of_wholes;
  const std::function<void(const Tensor&, RngKey, const Shard*)> of_shards;
  void (*const plain)(const Tensor&, RngKey) = nullptr;
  for (const Writer& writer :
       {Writer(), Writer(nullptr), Writer(of_wholes), Writer(of_shards), Writer(plain)}) {
    EXPECT_TRUE(writer == nullptr);
    expect_error(ErrorCode::kWriter, {"Writer:", "empty"}, [&] { writer(empty({2}), kKey); });
    expect_error(ErrorCode::kWriter, {"Writer:", "empty"},
                 [&] { writer(empty({2}), kKey, chunk({4}, 0, 1, 2)); });
  }
}

}  // namespace
}  // namespace hollow
