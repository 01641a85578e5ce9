// Case 18 of docs/semantics.md: many threads materialize one model at once. All threads start from
// a barrier, and each test is many short trials, so that they do meet.

#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nn/init.h"
#include "nn/materialize.h"
#include "nn/state_dict.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/random.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using ::testing::HasSubstr;

constexpr int kThreads = 8;
constexpr int kTrials = 60;

// Runs them all at once, and waits for all of them.
void run_at_once(const std::function<void(int thread)>& function) {
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      function(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

template <typename M>
std::unique_ptr<M> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<M>();
}

int64_t allocations() { return memory_stats(Device::cpu()).allocations; }

// How often the slots' own writers have written to it.
int64_t count_writer_runs(const Storage& storage) {
  int64_t count = 0;
  for (const WriteCount& each : storage.writes()) {
    if (each.author == Author::kWriter) count += each.count;
  }
  return count;
}

void expect_values_of(const nn::Module& expected, const nn::Module& model) {
  const std::vector<nn::NamedSlot> slots = model.named_slots();
  for (const nn::NamedSlot& each : expected.named_slots()) {
    for (const nn::NamedSlot& slot : slots) {
      if (slot.name == each.name) {
        EXPECT_EQ(bits(slot.tensor), bits(each.tensor)) << slot.name;
      }
    }
  }
}

void expect_written_once(const nn::Module& model) {
  for (const std::shared_ptr<Storage>& storage : model.storages()) {
    EXPECT_EQ(count_writer_runs(*storage), 1) << storage->origin()->name;
  }
}

TEST(ConcurrencyTest, Case18_TheWholeModelIsAllocatedAndWrittenOnce) {
  const ToyModel eager;
  const auto count = static_cast<int64_t>(eager.storages().size());
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<ToyModel>();
    const int64_t before = allocations();
    std::atomic<int> ready = 0;
    run_at_once([&](int) {
      nn::materialize(*model, Device::cpu());
      // Whoever returns finds all of it.
      bool all = true;
      for (const nn::NamedSlot& slot : model->named_slots()) {
        all = all && slot.tensor.is_initialized();
      }
      ready += all ? 1 : 0;
    });
    EXPECT_EQ(ready, kThreads);
    EXPECT_EQ(allocations(), before + count);
    expect_written_once(*model);
    expect_values_of(eager, *model);
  }
}

TEST(ConcurrencyTest, Case18_EachThreadAnotherSubtree) {
  const ToyModel eager;
  const auto count = static_cast<int64_t>(eager.storages().size());
  // Some overlap. Together they are all of it: "" is the root's own slots.
  const std::vector<std::string> names = {
      "blocks.0", "blocks.1", "", "blocks.0.fc", "blocks", "blocks.1.ls2", "blocks.0.ls1", ""};
  ASSERT_EQ(names.size(), static_cast<size_t>(kThreads));
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<ToyModel>();
    const int64_t before = allocations();
    std::atomic<int> ready = 0;
    run_at_once([&](int thread) {
      const std::string& name = names[static_cast<size_t>((thread + trial) % kThreads)];
      nn::Module& part = model->get_submodule(name);
      const nn::Recurse recurse = name.empty() ? nn::Recurse::kNo : nn::Recurse::kYes;
      nn::materialize(part, Device::cpu(), recurse);
      bool all = true;
      for (const std::shared_ptr<Storage>& storage : part.storages(recurse)) {
        all = all && storage->state() == State::kInitialized;
      }
      ready += all ? 1 : 0;
    });
    EXPECT_EQ(ready, kThreads);
    EXPECT_EQ(allocations(), before + count);
    expect_written_once(*model);
    expect_values_of(eager, *model);
  }
}

TEST(ConcurrencyTest, Case18_TensorByTensorEachThreadInItsOwnOrder) {
  const ToyModel eager;
  const std::vector<nn::NamedSlot> expected = eager.named_slots();
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<ToyModel>();
    const std::vector<nn::NamedSlot> slots = model->named_slots();
    const int64_t before = allocations();
    std::atomic<int> right = 0;
    run_at_once([&](int thread) {
      for (size_t i = 0; i < slots.size(); ++i) {
        const size_t from_here = (i + static_cast<size_t>(thread) * 2) % slots.size();
        const size_t at = thread % 2 == 0 ? from_here : slots.size() - 1 - from_here;
        nn::materialize(slots[at].tensor, Device::cpu());
        right += bits(slots[at].tensor) == bits(expected[at].tensor) ? 1 : 0;
      }
    });
    EXPECT_EQ(right, kThreads * static_cast<int>(slots.size()));
    // bits() copies to the host's 8 bytes, and allocates nothing for a tensor of its own dtype.
    EXPECT_EQ(allocations(), before + static_cast<int64_t>(slots.size()));
    expect_written_once(*model);
  }
}

// Slots whose writers count their runs. They take long enough to be met half-way.
struct Counting : nn::Module {
  static constexpr int kSlots = 6;

  Counting() {
    for (int i = 0; i < kSlots; ++i) {
      slots[static_cast<size_t>(i)] = &add_parameter("slot" + std::to_string(i), {300},
                                                     [this, i](const Tensor& tensor, RngKey key) {
                                                       if (!tensor.is_meta())
                                                         ++runs[static_cast<size_t>(i)];
                                                       normal_(tensor, 0, 1, key);
                                                       for (int k = 0; k < 10; ++k)
                                                         fill_(tensor.narrow(0, 10 * k, 1), i + k);
                                                     });
    }
  }

  std::array<std::atomic<int>, kSlots> runs{};
  std::array<const Tensor*, kSlots> slots{};
};

TEST(ConcurrencyTest, Case18_EachWriterRunsOnce) {
  const Counting eager;
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Counting>();
    const int64_t before = allocations();
    run_at_once([&](int thread) {
      if (thread % 2 == 0) return nn::materialize(*model, Device::cpu());
      for (int i = 0; i < Counting::kSlots; ++i) {
        nn::materialize(*model->slots[static_cast<size_t>((i + thread) % Counting::kSlots)],
                        Device::cpu());
      }
    });
    EXPECT_EQ(allocations(), before + Counting::kSlots);
    for (const std::atomic<int>& runs : model->runs) EXPECT_EQ(runs, 1);
    expect_values_of(eager, *model);
  }
}

// A writer of two passes: between them every element has a value, and not yet its own.
struct TwoPasses : nn::Module {
  TwoPasses()
      : slot(add_parameter("slot", {2000}, [](const Tensor& tensor, RngKey key) {
          fill_(tensor, -77);
          normal_(tensor, 0, 1, key);
        })) {}

  Tensor& slot;
};

TEST(ConcurrencyTest, Case18_NobodyReturnsBeforeTheWriterHas) {
  const TwoPasses eager;
  const std::vector<uint64_t> expected = bits(eager.slot);
  for (int trial = 0; trial < 5 * kTrials && !HasFailure(); ++trial) {
    const auto model = described<TwoPasses>();
    std::atomic<int> right = 0;
    run_at_once([&](int) {
      nn::materialize(*model, Device::cpu());
      right += bits(model->slot) == expected ? 1 : 0;
    });
    EXPECT_EQ(right, kThreads);
  }
}

// What was written before by hand stays, and what is missing is written once.
TEST(ConcurrencyTest, Case18_APartlyWrittenTensorIsCompletedOnce) {
  const Counting eager;
  fill_(eager.slots[2]->narrow(0, 100, 50), -77);
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Counting>();
    model->to_empty(Device::cpu());
    fill_(model->slots[2]->narrow(0, 100, 50), -77);
    run_at_once([&](int) { nn::materialize(*model, Device::cpu()); });
    for (const std::atomic<int>& runs : model->runs) EXPECT_EQ(runs, 1);
    expect_values_of(eager, *model);
  }
}

// A thread that has its part reads it while others are at the whole.
TEST(ConcurrencyTest, Case18_WhatIsThereStaysReadable) {
  struct Root : nn::Module {
    Tensor& freqs = add_buffer(
        "freqs", {300},
        [this](const Tensor& tensor, RngKey) {
          if (!tensor.is_meta()) ++runs;
          fill_(tensor, 3.0);
        },
        nn::Persistent::kNo);
    Tensor& w = add_parameter("w", {20000}, nn::init::normal());
    std::atomic<int> runs = 0;
  };
  for (int trial = 0; trial < 3 * kTrials && !HasFailure(); ++trial) {
    const auto model = described<Root>();
    std::atomic<int> wrong = 0;
    run_at_once([&](int thread) {
      if (thread % 2 == 0) return nn::materialize(*model, Device::cpu());
      nn::materialize(model->freqs, Device::cpu());
      do {
        wrong += model->freqs.is_initialized() ? 0 : 1;
      } while (!model->w.is_initialized());
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(model->runs, 1);
  }
}

// A buffer that is computed from what a child declares, of which the child was released: all
// threads see the new values, which are computed once.
TEST(ConcurrencyTest, Case18_WhatIsComputedFollowsWhatWasMissingOnce) {
  struct Leaf : nn::Module {
    Tensor& w = add_parameter("w", {3000}, nn::init::uniform());
  };
  struct Root : nn::Module {
    Leaf& first = add_child<Leaf>("first");
    Leaf& second = add_child<Leaf>("second");
    Tensor& sum = add_buffer(
        "sum", {3000},
        [this](const Tensor& tensor, RngKey) {
          if (!tensor.is_meta()) tensor.copy_(add(first.w, second.w));
        },
        nn::Persistent::kNo);
  };
  for (int trial = 0; trial < kTrials; ++trial) {
    Root root;
    const std::vector<uint64_t> before = bits(root.sum);
    root.second.release();
    root.second.next_generation();
    std::atomic<int> wrong = 0;
    run_at_once([&](int) {
      nn::materialize(root, Device::cpu());
      const std::vector<uint64_t> sum = bits(root.sum);
      wrong += sum == before || sum != bits(add(root.first.w, root.second.w));
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(count_writer_runs(*root.sum.storage()), 2);  // the first one was the constructor's
  }
}

TEST(ConcurrencyTest, Case18_LoadOrInitAndMaterializeAtOnce) {
  const ToyModel eager;
  // Values that no writer gives, for every other name.
  nn::StateDict saved;
  const nn::StateDict names = eager.state_dict();
  for (size_t i = 0; i < names.size(); i += 2) {
    saved.push_back({names[i].name,
                     counting(names[i].tensor.shape(), {.dtype = names[i].tensor.dtype()}, -300)});
  }
  ToyModel expected;
  nn::load_state_dict(expected, saved, {.strict = false});
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<ToyModel>();
    std::atomic<int> ready = 0;
    run_at_once([&](int thread) {
      // One load: two of one checkpoint would be two threads that write one tensor.
      if (thread == trial % kThreads) {
        const nn::LoadReport report = nn::load_or_init(*model, saved);
        EXPECT_EQ(report.loaded.size(), saved.size());
      } else {
        nn::materialize(*model, Device::cpu());
      }
      ++ready;
    });
    EXPECT_EQ(ready, kThreads);
    expect_values_of(expected, *model);
    for (const nn::NamedTensor& each : saved) {
      for (const nn::NamedTensor& own : model->state_dict()) {
        if (own.name == each.name) {
          EXPECT_TRUE(own.tensor.storage()->sealed()) << own.name;
        }
      }
    }
  }
}

// Three slots, of which the one in the middle fails as often as it is told to, and then leaves
// behind what no writer may leave: values that are not its own, in so many elements.
struct Failing : nn::Module {
  static constexpr int64_t kNumel = 20;

  Failing()
      : first(add_parameter("first", {kNumel}, nn::init::normal())),
        middle(add_parameter("middle", {kNumel},
                             [this](const Tensor& tensor, RngKey key) {
                               if (!tensor.is_meta() && failures_left.fetch_sub(1) > 0) {
                                 fill_(tensor.narrow(0, 0, garbage), -77);
                                 throw std::runtime_error("as it was told");
                               }
                               uniform_(tensor, 0, 1, key);
                             })),
        last(add_parameter("last", {kNumel}, nn::init::normal())) {}

  std::atomic<int> failures_left = 0;
  int64_t garbage = 0;
  Tensor& first;
  Tensor& middle;
  Tensor& last;
};

class FailingWriterTest : public ::testing::TestWithParam<int64_t> {};

INSTANTIATE_TEST_SUITE_P(Of, FailingWriterTest, ::testing::Values(0, 7, Failing::kNumel),
                         [](const auto& garbage) {
                           return garbage.param == 0   ? "NoElement"
                                  : garbage.param == 7 ? "SomeElements"
                                                       : "AllElements";
                         });

TEST_P(FailingWriterTest, Case18_OneThatFailsOnceFailsOneThread) {
  const Failing eager;
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Failing>();
    model->failures_left = 1;
    model->garbage = GetParam();
    std::atomic<int> failed = 0, ready = 0;
    run_at_once([&](int) {
      try {
        nn::materialize(*model, Device::cpu());
        ready += model->last.is_initialized() && model->middle.is_initialized() ? 1 : 0;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kWriter);
        EXPECT_THAT(error.what(), HasSubstr("the writer of \"middle\" failed: as it was told"));
        ++failed;
      }
    });
    EXPECT_EQ(failed, 1);
    EXPECT_EQ(ready, kThreads - 1);
    expect_values_of(eager, *model);
  }
}

TEST_P(FailingWriterTest, Case18_OneThatAlwaysFailsFailsAllThreadsAndHangsNone) {
  const Failing eager;
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Failing>();
    model->failures_left = 1 << 20;
    model->garbage = GetParam();
    std::atomic<int> failed = 0;
    run_at_once([&](int thread) {
      try {
        if (thread % 2 == 0) {
          nn::materialize(*model, Device::cpu());
        } else {
          nn::materialize(model->middle, Device::cpu());
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kWriter);
        EXPECT_THAT(error.what(), HasSubstr("Unfinished: "));
        ++failed;
      }
    });
    EXPECT_EQ(failed, kThreads);
    EXPECT_FALSE(model->middle.is_initialized()) << "what a failed writer wrote are no values";
    EXPECT_EQ(bits(model->first), bits(eager.first));
    // Nothing is left in the way of the next one.
    model->failures_left = 0;
    nn::materialize(*model, Device::cpu());
    expect_values_of(eager, *model);
  }
}

// A slot whose writer needs the values of another, and gets them in whatever thread it runs.
struct Chained : nn::Module {
  Chained()
      : sum(add_parameter("sum", {20},
                          [this](const Tensor& tensor, RngKey) {
                            if (tensor.is_meta()) return;
                            nn::materialize(base, tensor.device());
                            tensor.copy_(add(base, base));
                          })),
        base(add_parameter("base", {20}, nn::init::normal())) {}

  Tensor& sum;
  Tensor& base;
};

TEST(ConcurrencyTest, Case18_AWriterMayMaterializeWhatItReads) {
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Chained>();
    run_at_once([&](int thread) {
      nn::materialize(thread % 2 == 0 ? model->sum : model->base, Device::cpu());
    });
    expect_written_once(*model);
    EXPECT_EQ(bits(model->base), bits(randn({20}, RngKey(0) / "base")));
    EXPECT_EQ(bits(model->sum), bits(add(model->base, model->base)));
  }
}

// Two slots whose writers need each other's values: nobody could have them, from whichever end and
// in however many threads it is begun.
struct Circular : nn::Module {
  Circular()
      : a(add_parameter("a", {20}, [this](const Tensor& tensor, RngKey) { take("b", tensor); })),
        b(add_parameter("b", {20}, [this](const Tensor& tensor, RngKey) { take("a", tensor); })) {}

  void take(absl::string_view other, const Tensor& tensor) {
    if (tensor.is_meta()) return;
    nn::materialize(get_parameter(other), tensor.device());
    tensor.copy_(get_parameter(other));
  }

  Tensor& a;
  Tensor& b;
};

TEST(ConcurrencyTest, Case18_WritersInACircleAreAnErrorAndNoHang) {
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    const auto model = described<Circular>();
    std::atomic<int> failed = 0;
    run_at_once([&](int thread) {
      try {
        nn::materialize(thread % 2 == 0 ? model->a : model->b, Device::cpu());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kWriter);
        EXPECT_THAT(error.what(), HasSubstr("circle"));
        ++failed;
      }
    });
    EXPECT_EQ(failed, kThreads);
    EXPECT_FALSE(model->a.is_initialized());
    EXPECT_FALSE(model->b.is_initialized());
  }
}

// A handle outlives the model; an error about it may be made while another thread drops that.
TEST(ConcurrencyTest, AnErrorMayBeMadeWhileTheModelDies) {
  for (int trial = 0; trial < kTrials && !HasFailure(); ++trial) {
    auto model = described<Chained>();
    const Tensor handle = model->base;
    run_at_once([&](int thread) {
      if (thread == 0) return model.reset();
      testing::expect_error(ErrorCode::kMeta, {"\"base\" [20] f32 on meta", "no memory"},
                            [&] { handle.to_vector<float>(); });
    });
  }
}

}  // namespace
}  // namespace hollow
