#include "tensor/births.h"

#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/device.h"
#include "tensor/factory.h"
#include "tensor/placement.h"
#include "tensor/tensor.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> lines(const Births& births) {
  std::vector<std::string> result;
  for (const Birth& birth : births.unlisted()) {
    result.push_back(absl::StrCat(birth.op, " ", to_string(birth.tensor.shape()), " ",
                                  to_string(birth.tensor.dtype()), birth.within.empty() ? "" : " ",
                                  birth.within));
  }
  return result;
}

TEST(BirthsTest, OfWhatIsAliveOnMetaInTheOrderOfBirth) {
  DeviceScope scope(Device::meta());
  const std::shared_ptr<const Births> births = Births::current();
  ASSERT_NE(births, nullptr);
  EXPECT_THAT(lines(*births), IsEmpty());
  const Tensor first = empty({2, 3});
  const Tensor second = full({4}, 1, {.dtype = DType::kI64});
  const Tensor third = from_values<float>({1, 2});
  const Tensor fourth = empty_like(first.transpose(0, 1));
  EXPECT_THAT(lines(*births), ElementsAre("empty [2, 3] f32", "full [4] i64", "from_values [2] f32",
                                          "empty_like [3, 2] f32"));
  EXPECT_TRUE(births->unlisted()[1].tensor.is_same(second));
}

TEST(BirthsTest, ResultsOfOpsAreBirthsToo) {
  DeviceScope scope(Device::meta());
  const Tensor source = empty({2, 3});
  const Tensor copy = source.clone();
  const Tensor other = source.to(DType::kBF16);
  EXPECT_THAT(lines(*Births::current()),
              ElementsAre("empty [2, 3] f32", "clone [2, 3] f32", "to [2, 3] bf16"));
}

TEST(BirthsTest, ViewsAreNot) {
  DeviceScope scope(Device::meta());
  std::optional<Tensor> whole = empty({6, 2});
  const Tensor row = whole->select(0, 3);
  const Tensor same = *whole;
  EXPECT_THAT(lines(*Births::current()), ElementsAre("empty [6, 2] f32"));
  // What a view keeps alive is the tensor that was born.
  whole.reset();
  EXPECT_THAT(lines(*Births::current()), ElementsAre("empty [6, 2] f32"));
}

TEST(BirthsTest, TheDeadAreNot) {
  DeviceScope scope(Device::meta());
  const Tensor first = empty({1});
  std::optional<Tensor> second = empty({2});
  const Tensor third = empty({3});
  std::weak_ptr<Storage> storage = second->storage();
  second.reset();
  EXPECT_TRUE(storage.expired()) << "births keep nothing alive";
  EXPECT_THAT(lines(*Births::current()), ElementsAre("empty [1] f32", "empty [3] f32"));
}

TEST(BirthsTest, WhatHasMemoryIsNot) {
  DeviceScope scope(Device::meta());
  const Tensor real = empty({1}, {.device = Device::cpu()});
  const Tensor later = empty({2});
  const Tensor never = empty({3});
  to_empty(later, Device::cpu());
  EXPECT_THAT(lines(*Births::current()), ElementsAre("empty [3] f32"));
  release("test", {real.storage(), later.storage()});
  EXPECT_THAT(lines(*Births::current()), ElementsAre("empty [2] f32", "empty [3] f32"))
      << "released: on meta again. The other was not born there";
}

TEST(BirthsTest, SlotsAreNot) {
  DeviceScope scope(Device::meta());
  const Tensor slot = empty_slot(
      "test", {.name = "weight", .key = RngKey(0), .writer = {}, .shape = {3}, .kin = nullptr}, {});
  ASSERT_TRUE(slot.is_meta());
  EXPECT_THAT(lines(*Births::current()), IsEmpty());
}

TEST(BirthsTest, OutsideAScopeThereAreNone) {
  EXPECT_EQ(Births::current(), nullptr);
  const Tensor meta = empty({3}, {.device = Device::meta()});
  EXPECT_EQ(Births::current(), nullptr);
  DeviceScope cpu(Device::cpu());
  EXPECT_EQ(Births::current(), nullptr);
  DeviceScope scope(Device::meta());
  EXPECT_THAT(lines(*Births::current()), IsEmpty()) << "nor are those from before in it";
}

TEST(BirthsTest, NestedScopesAreOneThatTheOutermostEnds) {
  std::shared_ptr<const Births> births;
  std::optional<Tensor> outer, inner, real, explicitly, last;
  {
    DeviceScope scope(Device::meta());
    births = Births::current();
    outer = empty({1});
    {
      DeviceScope again(Device::meta());
      EXPECT_EQ(Births::current(), births);
      inner = empty({2});
    }
    EXPECT_EQ(Births::current(), births);
    {
      DeviceScope cpu(Device::cpu());
      EXPECT_EQ(Births::current(), births);
      real = empty({3});
      explicitly = empty({4}, {.device = Device::meta()});
    }
    last = empty({5});
  }
  EXPECT_EQ(Births::current(), nullptr);
  EXPECT_THAT(lines(*births),
              ElementsAre("empty [1] f32", "empty [2] f32", "empty [4] f32", "empty [5] f32"));
}

TEST(BirthsTest, EachScopeHasItsOwn) {
  std::shared_ptr<const Births> first, second;
  std::optional<Tensor> of_first, of_second;
  {
    DeviceScope scope(Device::meta());
    first = Births::current();
    of_first = empty({1});
  }
  {
    DeviceScope scope(Device::meta());
    of_second = empty({2});
    second = Births::current();
  }
  EXPECT_THAT(lines(*first), ElementsAre("empty [1] f32"));
  EXPECT_THAT(lines(*second), ElementsAre("empty [2] f32"));
}

TEST(BirthsTest, AnotherThreadMayLookMeanwhile) {
  constexpr int kRounds = 50;
  constexpr int64_t kBirths = 400;
  for (int round = 0; round < kRounds; ++round) {
    DeviceScope scope(Device::meta());
    const std::shared_ptr<const Births> births = Births::current();
    std::atomic<int> looks{0};
    std::atomic<bool> done{false};
    std::thread looker([&] {
      for (; !done; ++looks) {
        // What is seen has been born whole, and in order; the odd ones are kept.
        int64_t before = 0, kept = 0;
        for (const Birth& birth : births->unlisted()) {
          const int64_t size = birth.tensor.size(0);
          EXPECT_GT(size, before);
          if (size % 2 == 1) {
            EXPECT_EQ(size, ++kept * 2 - 1);
          }
          EXPECT_EQ(birth.op, "empty");
          before = size;
        }
        std::this_thread::yield();  // or who makes room would seldom get the lock
      }
    });
    std::vector<Tensor> kept;
    for (int64_t size = 1; size <= kBirths; ++size) {
      // There are looks while there is little, and while there is much.
      for (const int seen = looks; size % 100 == 1 && looks == seen;) std::this_thread::yield();
      const Tensor tensor = empty({size});
      if (size % 2 == 1) kept.push_back(tensor);
    }
    done = true;
    looker.join();
    EXPECT_EQ(births->unlisted().size(), kept.size());
    if (HasFailure()) break;
  }
}

TEST(BirthsTest, AnotherThreadsScopeIsAnother) {
  std::barrier both_are_in(2), both_have_made(2);
  const auto build = [&](int64_t size) {
    DeviceScope scope(Device::meta());
    both_are_in.arrive_and_wait();
    const Tensor tensor = empty({size});
    both_have_made.arrive_and_wait();
    return lines(*Births::current());
  };
  std::vector<std::string> theirs;
  std::thread thread([&] { theirs = build(2); });
  const std::vector<std::string> ours = build(1);
  thread.join();
  EXPECT_THAT(ours, ElementsAre("empty [1] f32"));
  EXPECT_THAT(theirs, ElementsAre("empty [2] f32"));

  // Nor does a thread inherit the scope it was begun in.
  DeviceScope scope(Device::meta());
  bool has_one = true;
  std::thread([&] { has_one = Births::current() != nullptr; }).join();
  EXPECT_FALSE(has_one);
}

TEST(BirthsTest, SayWithinWhat) {
  DeviceScope scope(Device::meta());
  std::vector<Tensor> kept;
  EXPECT_EQ(BirthPlace::current(), "");
  kept.push_back(empty({1}));
  {
    const BirthPlace place("blocks.0");
    kept.push_back(empty({2}));
    {
      const BirthPlace inner("blocks.0.attn");
      EXPECT_EQ(BirthPlace::current(), "blocks.0.attn");
      kept.push_back(empty({3}));
    }
    EXPECT_EQ(BirthPlace::current(), "blocks.0");
    kept.push_back(empty({4}));
  }
  EXPECT_EQ(BirthPlace::current(), "");
  EXPECT_THAT(lines(*Births::current()),
              ElementsAre("empty [1] f32", "empty [2] f32 blocks.0", "empty [3] f32 blocks.0.attn",
                          "empty [4] f32 blocks.0"));
}

// The list is pruned as it grows, which must cost none of the living.
TEST(BirthsTest, ThousandsOfDeadHideNoneOfTheLiving) {
  DeviceScope scope(Device::meta());
  std::vector<Tensor> kept;
  std::vector<std::string> expected;
  for (int64_t i = 0; i < 5000; ++i) {
    const Tensor tensor = empty({i});
    // Runs of living ones, and runs of dead ones; more of both as time goes on.
    const bool lives = i < 20 || i % 97 == 0 || (i > 2000 && i < 2200);
    if (!lives) continue;
    kept.push_back(tensor);
    expected.push_back(absl::StrCat("empty [", i, "] f32"));
  }
  EXPECT_EQ(lines(*Births::current()), expected);
}

}  // namespace
}  // namespace hollow
