#include "tensor/placement.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tests/address_space_limit.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::AddressSpaceLimit;
using testing::bits;
using testing::counting;
using testing::expect_error;

const TensorOptions kMeta = {.device = Device::meta()};

TEST(ToEmptyTest, GivesMemoryToTheStorageAndSoToEveryHandle) {
  const Tensor tensor = empty({4, 3}, {.dtype = DType::kBF16, .device = Device::meta()});
  const Tensor same = tensor;
  const Tensor column = tensor.select(1, 2);
  to_empty(tensor, Device::cpu());
  for (const Tensor& handle : {tensor, same, column}) {
    EXPECT_EQ(handle.device(), Device::cpu());
    EXPECT_EQ(handle.state(), State::kAllocated);
    EXPECT_EQ(handle.dtype(), DType::kBF16);
  }
  EXPECT_EQ(column.strides(), (Strides{3}));
  EXPECT_EQ(column.storage_offset(), 2);
  tensor.copy_(counting({4, 3}));
  EXPECT_EQ(column.to_vector<int64_t>(), (std::vector<int64_t>{3, 6, 9, 12}));
}

TEST(ToEmptyTest, LeavesWhatIsRealAsItIs) {
  const Tensor whole = counting({5});
  const Tensor part = empty({5});
  part.narrow(0, 1, 2).copy_(counting({2}, {}, 70));
  const void* const data = whole.storage()->data();
  const int64_t allocations = memory_stats(Device::cpu()).allocations;
  to_empty("to_empty", {whole.storage(), part.storage()}, Device::cpu());
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, allocations);
  EXPECT_EQ(whole.storage()->data(), data);
  EXPECT_EQ(whole.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(part.state(), State::kPartial);
  EXPECT_EQ(part.narrow(0, 1, 2).to_vector<int64_t>(), (std::vector<int64_t>{70, 71}));
}

TEST(ToEmptyTest, IsAllOrNothing) {
  const Tensor meta = empty({6}, kMeta);
  const Tensor real = counting({6});
  const Tensor large = empty_slot("test",
                                  {.name = "head.weight",
                                   .key = RngKey(0),
                                   .writer = {},
                                   .shape = {1 << 20, int64_t{1} << 30},
                                   .kin = nullptr},
                                  kMeta);
  const Tensor last = empty({6}, kMeta);
  const MemoryStats before = memory_stats(Device::cpu());
  expect_error(ErrorCode::kOutOfMemory,
               {"grow:", "\"head.weight\" [1048576, 1073741824] f32 on meta",
                "4503599627370496 bytes", "nothing was changed"},
               [&] {
                 to_empty("grow", {meta.storage(), real.storage(), large.storage(), last.storage()},
                          Device::cpu());
               });
  for (const Tensor& tensor : {meta, large, last}) EXPECT_EQ(tensor.state(), State::kMeta);
  EXPECT_EQ(real.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before.bytes);
}

TEST(ToEmptyTest, ADeviceThatIsNotThereChangesNothing) {
  const Tensor meta = empty({6}, kMeta);
  const Tensor real = counting({6});
  expect_error(ErrorCode::kDevice, {"to_empty:", "[6] f32 on"}, [&] {
    to_empty("to_empty", {real.storage(), meta.storage()}, Device::cuda(127));
  });
  EXPECT_EQ(real.device(), Device::cpu());
  EXPECT_EQ(real.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(meta.is_meta());
}

TEST(ToEmptyTest, ToMetaWouldDestroyValues) {
  const Tensor real = counting({3});
  expect_error(ErrorCode::kMeta, {"to_empty:", "release()"},
               [&] { to_empty(real, Device::meta()); });
  expect_error(ErrorCode::kMeta, {"release()"},
               [] { to_empty(empty({3}, kMeta), Device::meta()); });
  EXPECT_EQ(real.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3}));
}

TEST(ToEmptyTest, ManyThreadsAllocateOnce) {
  constexpr int kThreads = 8, kStorages = 200;
  for (int trial = 0; trial < 20; ++trial) {
    Storages storages;
    for (int i = 0; i < kStorages; ++i) storages.push_back(empty({257}, kMeta).storage());
    const MemoryStats before = memory_stats(Device::cpu());
    std::barrier start(kThreads);
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        to_empty("to_empty", storages, Device::cpu());
        for (const std::shared_ptr<Storage>& storage : storages) {
          ready += storage->state() == State::kAllocated && storage->data() != nullptr;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(ready, kThreads * kStorages);
    ASSERT_EQ(memory_stats(Device::cpu()).allocations, before.allocations + kStorages);
    ASSERT_EQ(memory_stats(Device::cpu()).bytes, before.bytes + kStorages * 257 * 4);
  }
}

TEST(ConvertTest, RoundsInPlaceForEveryHandle) {
  const Tensor tensor = from_values<float>({1.00390625f, -3.14159f, 1e-9f, 300.7f});
  const Tensor tail = tensor.narrow(0, 2, 2);
  const Tensor expected = tensor.to(DType::kBF16);
  convert("to", {tensor.storage()}, DType::kBF16);
  EXPECT_EQ(tensor.dtype(), DType::kBF16);
  EXPECT_EQ(tail.dtype(), DType::kBF16);
  EXPECT_EQ(bits(tensor), bits(expected));
  EXPECT_EQ(bits(tail), bits(expected.narrow(0, 2, 2)));
  EXPECT_EQ(tensor.nbytes(), 8);
  EXPECT_EQ(tensor.state(), State::kInitialized);
}

TEST(ConvertTest, KeepsTheWrittenPartsOfAPartialStorage) {
  const Tensor table = empty({3, 4});
  table.select(1, 1).copy_(from_values<float>({10, 20, 30}));
  table.narrow(0, 2, 1).copy_(from_values<float>({5, 6, 7, 8}));
  convert("to", {table.storage()}, DType::kI64);
  EXPECT_EQ(table.state(), State::kPartial);
  EXPECT_EQ(table.storage()->unwritten(table.layout()).count(), 6);
  EXPECT_EQ(table.select(1, 1).to_vector<int64_t>(), (std::vector<int64_t>{10, 20, 6}));
  EXPECT_EQ(table.select(0, 2).to_vector<int64_t>(), (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_FALSE(table.select(0, 0).is_initialized());
}

TEST(ConvertTest, OnMetaAndAllocatedThereIsNothingToConvert) {
  const Tensor meta = empty({6}, kMeta);
  const Tensor allocated = empty({6});
  const Tensor none = empty({0});
  convert("to", {meta.storage(), allocated.storage(), none.storage()}, DType::kF16);
  EXPECT_EQ(meta.dtype(), DType::kF16);
  EXPECT_EQ(meta.state(), State::kMeta);
  EXPECT_EQ(allocated.dtype(), DType::kF16);
  EXPECT_EQ(allocated.state(), State::kAllocated);
  EXPECT_EQ(allocated.nbytes(), 12);
  EXPECT_EQ(none.dtype(), DType::kF16);
  EXPECT_EQ(none.state(), State::kInitialized);
}

TEST(ConvertTest, IsAllOrNothing) {
  if (!testing::kAddressSpaceCanBeLimited) GTEST_SKIP() << "under a sanitizer";
  const Tensor first = counting({6});
  const Tensor large = empty({1 << 28}, {.dtype = DType::kBool});
  fill_(large.narrow(0, 3, 1), true);
  const MemoryStats before = memory_stats(Device::cpu());
  {
    const AddressSpaceLimit limit(1 << 30);
    expect_error(ErrorCode::kOutOfMemory,
                 {"to:", "[268435456] bool on cpu (partial)", "nothing was changed"}, [&] {
                   convert("to", {first.storage(), large.storage()}, DType::kI64);
                 });
  }
  EXPECT_EQ(first.dtype(), DType::kF32);
  EXPECT_EQ(first.to_vector<int64_t>(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(large.dtype(), DType::kBool);
  EXPECT_EQ(large.state(), State::kPartial);
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before.bytes);
}

TEST(ReleaseTest, GoesBackToMeta) {
  const int64_t before = memory_stats(Device::cpu()).bytes;
  const Tensor real = counting({100});
  const Tensor view = real.narrow(0, 3, 2);
  const Tensor meta = empty({5}, kMeta);
  release("test", {real.storage(), meta.storage()});
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before);
  EXPECT_TRUE(real.is_meta());
  EXPECT_TRUE(view.is_meta());
  EXPECT_EQ(real.device(), Device::meta());
  EXPECT_EQ(view.storage_offset(), 3);
  to_empty(view, Device::cpu());
  EXPECT_EQ(real.state(), State::kAllocated);
}

}  // namespace
}  // namespace hollow
