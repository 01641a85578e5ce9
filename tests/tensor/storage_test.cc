#include "tensor/storage.h"

#include <barrier>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/failure.h"
#include "tensor/factory.h"
#include "tensor/placement.h"
#include "tensor/tensor.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;

const TensorOptions kMeta = {.device = Device::meta()};

Layout whole(int64_t numel) { return {{numel}, {1}, 0}; }

TEST(StateTest, Prints) {
  std::ostringstream out;
  out << State::kMeta << " " << State::kAllocated << " " << State::kPartial << " "
      << State::kInitialized;
  EXPECT_EQ(out.str(), "meta allocated partial initialized");
}

TEST(StorageWordTest, HoldsAllOfIt) {
  std::vector<Device> devices = {Device::cpu(), Device::meta()};
  for (int i = 0; i < 128; ++i) devices.push_back(Device::cuda(i));
  for (const Device device : devices) {
    for (int dtype = 0; dtype <= static_cast<int>(DType::kBool); ++dtype) {
      for (int state = 0; state <= static_cast<int>(State::kInitialized); ++state) {
        for (int flags = 0; flags < 8; ++flags) {
          const bool pristine = (flags & 1) != 0, sealed = (flags & 2) != 0, zero = flags > 3;
          const StorageWord made =
              StorageWord(device, static_cast<DType>(dtype), static_cast<State>(state))
                  .with_pristine(pristine)
                  .with_sealed(sealed)
                  .with_zero(zero);
          const StorageWord word(made.bits());
          ASSERT_EQ(word.device(), device);
          ASSERT_EQ(word.dtype(), static_cast<DType>(dtype));
          ASSERT_EQ(word.state(), static_cast<State>(state));
          ASSERT_EQ(word.pristine(), pristine);
          ASSERT_EQ(word.sealed(), sealed);
          ASSERT_EQ(word.zero(), zero);
          ASSERT_EQ(word.pristine_or_zero(), pristine || zero);
          ASSERT_EQ(word.with(State::kAllocated).zero(), zero);
          const StorageWord other = word.with(State::kPartial);
          ASSERT_EQ(other.state(), State::kPartial);
          ASSERT_FALSE(other.zero()) << "only what is allocated can be";
          ASSERT_EQ(other.with(word.state()).bits(), word.with_zero(false).bits());
        }
      }
    }
  }
}

TEST(StorageWordTest, ReadyBesideAnotherMeansThePlaceAndTheValues) {
  const StorageWord here(Device::cpu(), DType::kF32, State::kInitialized);
  EXPECT_TRUE(here.is_ready_beside(here.with(State::kAllocated)));
  EXPECT_TRUE(here.with_pristine(true).with_sealed(true).is_ready_beside(here));
  for (const State state : {State::kMeta, State::kAllocated, State::kPartial}) {
    EXPECT_FALSE(here.with(state).is_ready_beside(here));
  }
  EXPECT_FALSE(here.is_ready_beside({Device::cpu(), DType::kF16, State::kInitialized}));
  EXPECT_FALSE(here.is_ready_beside({Device::cuda(0), DType::kF32, State::kInitialized}));
  const StorageWord first(Device::cuda(0), DType::kF32, State::kInitialized);
  EXPECT_FALSE(first.is_ready_beside({Device::cuda(1), DType::kF32, State::kInitialized}));
}

TEST(StorageTest, OnMetaItHasASizeAndNoMemory) {
  const int64_t before = memory_stats(Device::cpu()).bytes;
  Storage storage(Device::meta(), DType::kF32, int64_t{1} << 50);
  EXPECT_EQ(storage.state(), State::kMeta);
  EXPECT_EQ(storage.data(), nullptr);
  EXPECT_EQ(storage.nbytes(), int64_t{1} << 52);
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before);
  EXPECT_FALSE(storage.is_written(whole(1)));
  storage.mark_written("test", whole(storage.numel()));
  storage.mark_pristine();
  EXPECT_EQ(storage.state(), State::kMeta);
  EXPECT_FALSE(storage.pristine());
  EXPECT_EQ(storage.unwritten(whole(5)).count(), 5);
}

TEST(StorageTest, WithoutElementsItIsInitializedOnceAllocated) {
  EXPECT_EQ(Storage(Device::cpu(), DType::kI64, 0).state(), State::kInitialized);
  EXPECT_EQ(Storage(Device::meta(), DType::kI64, 0).state(), State::kMeta);
  const Tensor tensor = empty({2, 0}, kMeta);
  to_empty(tensor, Device::cpu());
  EXPECT_EQ(tensor.state(), State::kInitialized);
  EXPECT_TRUE(tensor.is_initialized());
}

TEST(StorageTest, GrowsFromAllocatedByPartsToInitialized) {
  Storage storage(Device::cpu(), DType::kF32, 10);
  EXPECT_EQ(storage.state(), State::kAllocated);
  EXPECT_NE(storage.data(), nullptr);
  EXPECT_EQ(storage.unwritten(whole(10)).ranges(), (std::vector<Range>{{0, 10}}));

  storage.mark_written("test", {{0}, {1}, 3});
  EXPECT_EQ(storage.state(), State::kAllocated);

  storage.mark_written("test", {{3}, {1}, 2});
  EXPECT_EQ(storage.state(), State::kPartial);
  EXPECT_TRUE(storage.is_written({{3}, {1}, 2}));
  EXPECT_FALSE(storage.is_written({{3}, {1}, 1}));
  EXPECT_FALSE(storage.is_written({{4}, {1}, 2}));
  EXPECT_TRUE(storage.is_written({{0}, {1}, 9}));
  EXPECT_EQ(storage.unwritten(whole(10)).ranges(), (std::vector<Range>{{0, 2}, {5, 10}}));

  storage.mark_written("test", {{7}, {1}, 3});
  EXPECT_EQ(storage.state(), State::kPartial);
  storage.mark_written("test", {{2}, {1}, 0});
  EXPECT_EQ(storage.state(), State::kInitialized);
  EXPECT_TRUE(storage.unwritten(whole(10)).empty());
}

TEST(StorageTest, StridedColumnsAreKnownOneByOne) {
  const Tensor table = empty({4, 3});
  fill_(table.select(1, 2), 7);
  EXPECT_EQ(table.state(), State::kPartial);
  EXPECT_TRUE(table.select(1, 2).is_initialized());
  EXPECT_FALSE(table.select(1, 0).is_initialized());
  EXPECT_FALSE(table.select(0, 0).is_initialized());
  EXPECT_TRUE(table.select(0, 3).narrow(0, 2, 1).is_initialized());
  fill_(table.select(1, 0), 5);
  EXPECT_FALSE(table.is_initialized());
  EXPECT_EQ(table.storage()->unwritten(table.layout()).count(), 4);
  fill_(table.select(1, 1), 6);
  EXPECT_EQ(table.state(), State::kInitialized);
  EXPECT_EQ(table.to_vector<int64_t>(), (std::vector<int64_t>{5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7}));
}

TEST(StorageTest, PristineIsTheWritersUntilTheNextWrite) {
  Storage storage(Device::cpu(), DType::kF32, 4);
  storage.mark_written("test", {{2}, {1}, 0});
  storage.mark_pristine();
  EXPECT_FALSE(storage.pristine()) << "half of it is not written";
  storage.mark_written("test", whole(4));
  EXPECT_FALSE(storage.pristine());
  storage.mark_pristine();
  EXPECT_TRUE(storage.pristine());
  EXPECT_EQ(storage.state(), State::kInitialized);
  storage.mark_changed();
  EXPECT_FALSE(storage.pristine());
  EXPECT_EQ(storage.state(), State::kInitialized);
  storage.mark_pristine();
  storage.mark_written("test", {{1}, {1}, 3});
  EXPECT_FALSE(storage.pristine());
  EXPECT_EQ(storage.state(), State::kInitialized);
}

TEST(StorageTest, PristineIsNotWhatWasConverted) {
  const auto after = [](DType from, DType to) {
    const Tensor tensor = full({4}, 3, {.dtype = from});
    tensor.storage()->mark_pristine();
    convert("to", {tensor.storage()}, to);
    return tensor.storage()->pristine();
  };
  EXPECT_TRUE(after(DType::kF32, DType::kF32));
  EXPECT_FALSE(after(DType::kF32, DType::kBF16));
  EXPECT_FALSE(after(DType::kBF16, DType::kF32));
}

TEST(StorageTest, ReleaseForgetsWhatWasWritten) {
  const Tensor tensor = empty({6});
  fill_(tensor.narrow(0, 0, 2), 5);
  release("test", {tensor.storage()});
  EXPECT_EQ(tensor.state(), State::kMeta);
  EXPECT_EQ(tensor.storage()->data(), nullptr);
  EXPECT_EQ(tensor.dtype(), DType::kF32);
  to_empty(tensor, Device::cpu());
  EXPECT_EQ(tensor.state(), State::kAllocated);
  fill_(tensor.narrow(0, 4, 2), 7);
  EXPECT_FALSE(tensor.narrow(0, 0, 2).is_initialized()) << "written before the release";
  EXPECT_TRUE(tensor.narrow(0, 4, 2).is_initialized());
}

TEST(StorageTest, UnwrittenAgainIsAsIfJustAllocated) {
  const Tensor tensor = counting({6});
  tensor.storage()->mark_pristine();
  const void* const data = tensor.storage()->data();
  tensor.storage()->mark_unwritten();
  EXPECT_EQ(tensor.state(), State::kAllocated);
  EXPECT_EQ(tensor.storage()->data(), data);
  EXPECT_FALSE(tensor.storage()->pristine());
  fill_(tensor.narrow(0, 1, 2), 7);
  EXPECT_EQ(tensor.storage()->unwritten(tensor.layout()).count(), 4);
  const Tensor meta = empty({6}, kMeta);
  meta.storage()->mark_unwritten();
  EXPECT_EQ(meta.state(), State::kMeta);
  const Tensor none = empty({0});
  none.storage()->mark_unwritten();
  EXPECT_EQ(none.state(), State::kInitialized);
}

TEST(StorageTest, ASlotKeepsWhenItLostValues) {
  const auto slot_of = [](int64_t numel) {
    return Storage::make_slot(
        Device::cpu(), DType::kF32, numel,
        {.name = "a", .key = RngKey(5), .writer = {}, .shape = {numel}, .kin = nullptr});
  };
  const std::shared_ptr<Storage> some = slot_of(2), none = slot_of(0);
  some->mark_unwritten();
  EXPECT_EQ(some->changed_at(), 0u);  // there was nothing to lose
  fill_(Tensor::whole(some, {2}), 7);
  EXPECT_TRUE(some->has_values());
  some->mark_unwritten();
  EXPECT_FALSE(some->has_values());
  const uint64_t first = some->changed_at();
  EXPECT_GT(first, 0u);
  fill_(Tensor::whole(some, {2}).narrow(0, 0, 1), 7);
  EXPECT_TRUE(some->has_values());
  some->release("release");
  EXPECT_GT(some->changed_at(), first);
  // Initialized, and without an element.
  EXPECT_FALSE(none->has_values());
  none->mark_unwritten();
  none->release("release");
  EXPECT_EQ(none->changed_at(), 0u);
}

TEST(StorageTest, PartsWrittenByManyThreadsAreAllKnown) {
  constexpr int kThreads = 8, kParts = 50;
  for (int trial = 0; trial < 20; ++trial) {
    const Tensor tensor = empty({kParts, kThreads});
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        for (int part = 0; part < kParts; ++part) fill_(tensor.select(1, t).narrow(0, part, 1), t);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(tensor.state(), State::kInitialized);
    ASSERT_EQ(tensor.select(1, 3).to_vector<int64_t>(), std::vector<int64_t>(kParts, 3));
  }
}

TEST(StorageTest, OriginIsKept) {
  EXPECT_EQ(Storage(Device::meta(), DType::kF32, 4).origin(), nullptr);
  const std::shared_ptr<Storage> storage = Storage::make_slot(
      Device::meta(), DType::kF32, 4,
      {.name = "fc.weight", .key = RngKey(5), .writer = {}, .shape = {2, 2}, .kin = nullptr});
  ASSERT_NE(storage->origin(), nullptr);
  EXPECT_EQ(storage->origin()->name, "fc.weight");
  EXPECT_EQ(storage->origin()->key, RngKey(5));
  EXPECT_EQ(layout_of(*storage->origin()), (Layout{{2, 2}, {2, 1}, 0}));
}

// With the counts of its shared_ptr it is 48 bytes of the heap, and a meta tensor 160 with its
// handle.
TEST(StorageTest, IsSmall) {
  EXPECT_LE(sizeof(Storage), 24u);
  EXPECT_LE(sizeof(Tensor), 112u);
}

// Which elements of one that is no slot were written is not kept in it, and must not outlive it.
TEST(StorageTest, APartialOneIsForgottenWithItsStateAndWithItself) {
  const size_t before = Storage::num_partial();
  const auto write = [](Storage& storage, int64_t begin, int64_t end) {
    storage.mark_written("test", {{end - begin}, {1}, begin});
  };
  {
    Storage storage(Device::cpu(), DType::kF32, 8);
    write(storage, 0, 3);
    EXPECT_EQ(storage.unwritten(whole(8)).ranges(), (std::vector<Range>{{3, 8}}));
    EXPECT_EQ(Storage::num_partial(), before + 1);
    storage.mark_unwritten();
    EXPECT_EQ(Storage::num_partial(), before);
    write(storage, 6, 8);
    EXPECT_EQ(storage.unwritten(whole(8)).ranges(), (std::vector<Range>{{0, 6}}));
    write(storage, 0, 6);
    EXPECT_EQ(storage.state(), State::kInitialized);
    EXPECT_EQ(Storage::num_partial(), before);
    storage.mark_unwritten();
    write(storage, 0, 1);
    write(storage, 0, 8);
    EXPECT_EQ(storage.state(), State::kInitialized);
    EXPECT_EQ(Storage::num_partial(), before);
    storage.mark_unwritten();
    write(storage, 0, 1);
    storage.release("test");
    EXPECT_EQ(Storage::num_partial(), before);
  }
  {
    Storage storage(Device::cpu(), DType::kF32, 8);
    write(storage, 0, 1);
    EXPECT_EQ(Storage::num_partial(), before + 1);
  }
  EXPECT_EQ(Storage::num_partial(), before);
}

TEST(StorageTest, TooLargeIsAFailureAndChangesNothing) {
  const MemoryStats before = memory_stats(Device::cpu());
  try {
    Storage storage(Device::cpu(), DType::kF32, int64_t{1} << 50);
    ADD_FAILURE() << "4 PiB";
  } catch (const kernels::Failure& failure) {
    EXPECT_EQ(failure.kind(), kernels::Failure::Kind::kOutOfMemory);
  }
  EXPECT_EQ(memory_stats(Device::cpu()).bytes, before.bytes);
  EXPECT_EQ(memory_stats(Device::cpu()).allocations, before.allocations);
}

}  // namespace
}  // namespace hollow
