// The log of a small program is a text that a person can read, so here it stands.
#include "tensor/timeline.h"

#include <barrier>
#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/module.h"
#include "nn/state_dict.h"
#include "tensor/device.h"
#include "tensor/factory.h"
#include "tensor/storage.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// One of everything that can happen to a slot without a second device.
void run_a_small_program() {
  std::unique_ptr<nn::LayerScale> ls;
  {
    DeviceScope scope(Device::meta());
    ls = std::make_unique<nn::LayerScale>(4, nn::LayerScaleOptions{.init_values = 0.5});
  }
  ls->to_empty(Device::cpu());
  ls->reset_parameters();
  fill_(ls->gamma().narrow(0, 1, 2), 3);
  ls->seal();
  ls->seal();  // once more is nothing more
  ls->unseal();
  ls->reset_parameters();
  ls->to(DType::kBF16);
  ls->reset_parameters();
  ls->release();
  load_state_dict(*ls, {{"gamma", full({4}, 7)}});
}

constexpr char kText[] = R"(  1  born         #1 "gamma"  4 x f32 on meta
  2  allocated    #1 "gamma"  4 x f32 on cpu, 16 bytes  to_empty
  3  initialized  #1 "gamma"  4 of 4 elements           reset_parameters
  4  written      #1 "gamma"  2 of 4 elements           fill_
  5  sealed       #1 "gamma"                            seal
  6  unsealed     #1 "gamma"                            unseal
  7  initialized  #1 "gamma"  4 of 4 elements           reset_parameters
  8  converted    #1 "gamma"  4 x bf16 on cpu, 8 bytes  to
  9  initialized  #1 "gamma"  4 of 4 elements           reset_parameters
 10  released     #1 "gamma"  4 x bf16 on meta          release
 11  born         #2          4 x f32 on cpu, 16 bytes
 12  written      #2          4 of 4 elements           fill_
 13  allocated    #1 "gamma"  4 x bf16 on cpu, 8 bytes  load_state_dict
 14  loaded       #1 "gamma"  4 of 4 elements           load_state_dict
 15  sealed       #1 "gamma"                            load_state_dict
 16  died         #2
 17  died         #1 "gamma"
)";

TEST(TimelineTest, ASmallProgramAsText) {
  const Timeline timeline(Timeline::Clock::kSteps);
  run_a_small_program();
  EXPECT_EQ(timeline.to_text(), kText);
  EXPECT_EQ(timeline.dropped(), 0);
}

constexpr char kTrace[] =
    R"({"displayTimeUnit": "ns", "traceEvents": [
)"
    R"({"name": "born gamma", "cat": "born", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 0.000, "dur": 0.000, )"
    R"("args": {"storage": 1, "op": "", "detail": "4 x f32 on meta"}},
)"
    R"({"name": "allocated gamma", "cat": "allocated", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 1.000, "dur": 0.000, )"
    R"("args": {"storage": 1, "op": "to_empty", "detail": "4 x f32 on cpu, 16 bytes"}},
)"
    R"({"name": "initialized gamma", "cat": "initialized", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 2.000, "dur": 0.000, )"
    R"("args": {"storage": 1, "op": "reset_parameters", "detail": "4 of 4 elements"}},
)"
    R"({"name": "born #2", "cat": "born", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 3.000, "dur": 0.000, )"
    R"("args": {"storage": 2, "op": "", "detail": "3 x bool on cpu, 3 bytes"}},
)"
    R"({"name": "written gamma", "cat": "written", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 4.000, "dur": 0.000, )"
    R"("args": {"storage": 1, "op": "fill_", "detail": "2 of 4 elements"}},
)"
    R"({"name": "died #2", "cat": "died", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 5.000, "dur": 0.000, )"
    R"("args": {"storage": 2, "op": "", "detail": ""}},
)"
    R"({"name": "died gamma", "cat": "died", "ph": "X", )"
    R"("pid": 1, "tid": 1, "ts": 6.000, "dur": 0.000, )"
    R"("args": {"storage": 1, "op": "", "detail": ""}}
)"
    "]}\n";

TEST(TimelineTest, ASmallProgramAsAChromeTrace) {
  const Timeline timeline(Timeline::Clock::kSteps);
  {
    std::unique_ptr<nn::LayerScale> ls;
    {
      DeviceScope scope(Device::meta());
      ls = std::make_unique<nn::LayerScale>(4, nn::LayerScaleOptions{.init_values = 0.5});
    }
    ls->to_empty(Device::cpu());
    ls->reset_parameters();
    const Tensor other = empty({3}, {.dtype = DType::kBool});
    fill_(ls->gamma().narrow(0, 1, 2), 3);
  }
  EXPECT_EQ(timeline.to_chrome_trace(), kTrace);
}

TEST(TimelineTest, OfNothing) {
  const Timeline timeline;
  EXPECT_EQ(timeline.to_text(), "");
  EXPECT_EQ(timeline.to_chrome_trace(), "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n]}\n");
  EXPECT_THAT(timeline.events(), IsEmpty());
}

TEST(TimelineTest, EveryKindHasAName) {
  std::set<absl::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(EventKind::kDied); ++kind) {
    names.insert(to_string(static_cast<EventKind>(kind)));
  }
  EXPECT_THAT(names, SizeIs(static_cast<size_t>(EventKind::kDied) + 1));
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(TimelineTest, NamesAreEscaped) {
  const Timeline timeline(Timeline::Clock::kSteps);
  {
    nn::Module root;
    root.add_parameter("say \"a\\b\"\n", {2}, nn::init::ones());
  }
  // A line stays a line, and a string of JSON one string.
  EXPECT_EQ(timeline.name_of(1), "say \"a\\b\"\n");
  EXPECT_THAT(timeline.to_text(), HasSubstr(R"(#1 "say \"a\\b\"\u000a"  2 x f32)"));
  EXPECT_THAT(timeline.to_chrome_trace(), HasSubstr(R"("name": "born say \"a\\b\"\u000a",)"));
  EXPECT_THAT(timeline.to_chrome_trace(), Not(HasSubstr("\n\"")));
}

TEST(TimelineTest, ATraceIsUtf8WhateverTheNames) {
  const Timeline timeline(Timeline::Clock::kSteps);
  nn::Module root;
  root.add_parameter("a\xff", {2}, nn::init::ones());
  EXPECT_THAT(timeline.to_chrome_trace(), HasSubstr("\"born a\\ufffd\""));
}

TEST(TimelineTest, TwoAtOnceAreAnError) {
  Timeline first(Timeline::Clock::kSteps);
  expect_error(ErrorCode::kValue, {"Timeline:", "stop()"}, [] { const Timeline second; });
  // The first one records as before.
  { const Tensor tensor = empty({1}); }
  EXPECT_THAT(first.events(), SizeIs(2));
  first.stop();
  {
    const Timeline second;
    { const Tensor tensor = empty({1}); }
    first.stop();  // does not stop the other
    { const Tensor tensor = empty({1}); }
    EXPECT_THAT(second.events(), SizeIs(4));
    EXPECT_THAT(first.events(), SizeIs(2));
  }
  const Timeline third;
}

TEST(TimelineTest, AfterStopNothingIsRecordedAndAllIsThere) {
  Timeline timeline(Timeline::Clock::kSteps);
  EXPECT_TRUE(Timeline::is_recording());
  const Tensor tensor = empty({1});
  timeline.stop();
  EXPECT_FALSE(Timeline::is_recording());
  fill_(tensor, 1);
  const Tensor other = empty({1});
  EXPECT_EQ(timeline.to_text(), "  1  born         #1  1 x f32 on cpu, 4 bytes\n");
  timeline.stop();
  EXPECT_THAT(timeline.events(), SizeIs(1));
}

TEST(TimelineTest, WithoutOneNothingIsRecorded) {
  EXPECT_FALSE(Timeline::is_recording());
  const Tensor before = empty({2});
  fill_(before.narrow(0, 0, 1), 1);
  const Timeline timeline(Timeline::Clock::kSteps);
  EXPECT_THAT(timeline.events(), IsEmpty());
  // A storage from before gets a number when it is first seen.
  const Tensor fresh = empty({3});
  fill_(before, 1);
  EXPECT_EQ(timeline.to_text(),
            "  1  born         #1  3 x f32 on cpu, 12 bytes\n"
            "  2  written      #2  2 of 2 elements           fill_\n");
}

TEST(TimelineTest, EndsWithItsBlock) {
  { const Timeline timeline; }
  EXPECT_FALSE(Timeline::is_recording());
}

TEST(TimelineTest, AStorageAtADeadOnesAddressIsAnother) {
  const Timeline timeline(Timeline::Clock::kSteps);
  std::optional<Storage> storage;
  for (int i = 0; i < 3; ++i) {
    storage.emplace(Device::meta(), DType::kF32, 4);
    const Storage* const address = &*storage;
    storage.reset();
    storage.emplace(Device::meta(), DType::kF32, 4);
    ASSERT_EQ(&*storage, address);
    storage.reset();
  }
  const std::vector<Event> events = timeline.events();
  ASSERT_THAT(events, SizeIs(12));
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].kind, i % 2 == 0 ? EventKind::kBorn : EventKind::kDied);
    EXPECT_EQ(events[i].storage, static_cast<int>(i / 2) + 1);
  }
}

TEST(TimelineTest, NamesStayWithTheDead) {
  const Timeline timeline;
  { const nn::LayerScale ls(2); }
  { const Tensor tensor = empty({1}); }
  EXPECT_EQ(timeline.name_of(1), "gamma");
  EXPECT_EQ(timeline.name_of(2), "");
  EXPECT_EQ(timeline.name_of(3), "");
  EXPECT_EQ(timeline.name_of(0), "");
  EXPECT_EQ(timeline.name_of(-1), "");
}

TEST(TimelineTest, WhoWasBornBeforeDiesUnderItsName) {
  auto ls = std::make_unique<nn::LayerScale>(2);
  const Timeline timeline;
  ls = nullptr;
  ASSERT_THAT(timeline.events(), SizeIs(1));
  EXPECT_EQ(timeline.events()[0].kind, EventKind::kDied);
  EXPECT_EQ(timeline.name_of(1), "gamma");
}

TEST(TimelineTest, ThreadsAreNumberedAsTheyAreSeen) {
  Timeline timeline(Timeline::Clock::kSteps);
  const Tensor tensor = empty({4});
  std::latch first_is_done(1), second_is_done(1);
  std::thread first([&] {
    fill_(tensor.narrow(0, 0, 1), 1);
    first_is_done.count_down();
    second_is_done.wait();  // both live at once, or they could be one and the same to the system
    fill_(tensor.narrow(0, 0, 1), 1);
  });
  first_is_done.wait();
  std::thread second([&] {
    fill_(tensor.narrow(0, 1, 2), 1);
    second_is_done.count_down();
  });
  first.join();
  second.join();
  timeline.stop();
  std::vector<int> threads;
  for (const Event& event : timeline.events()) threads.push_back(event.thread);
  EXPECT_THAT(threads, ElementsAre(1, 2, 3, 2));
  EXPECT_EQ(timeline.to_text(),
            "  1  born         #1  4 x f32 on cpu, 16 bytes    thread 1\n"
            "  2  written      #1  1 of 4 elements           fill_  thread 2\n"
            "  3  written      #1  2 of 4 elements           fill_  thread 3\n"
            "  4  written      #1  1 of 4 elements           fill_  thread 2\n");
  EXPECT_THAT(timeline.to_chrome_trace(), HasSubstr("\"tid\": 3"));
}

TEST(TimelineTest, ManyThreadsLoseNoEvent) {
  constexpr int kThreads = 8, kTensors = 100;
  const Timeline timeline;
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int k = 0; k < kTensors; ++k) fill_(empty({2}), 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<Event> events = timeline.events();
  EXPECT_THAT(events, SizeIs(3 * kThreads * kTensors));
  std::vector<std::string> lives(kThreads * kTensors);
  for (const Event& event : events) {
    ASSERT_LE(static_cast<size_t>(event.storage), lives.size());
    lives[static_cast<size_t>(event.storage) - 1] += std::string(to_string(event.kind)) + " ";
  }
  for (const std::string& life : lives) ASSERT_EQ(life, "born written died ");
}

TEST(TimelineTest, MeasuredTimesDoNotGoBack) {
  const Timeline timeline;
  {
    DeviceScope scope(Device::cpu());
    const nn::LayerScale ls(4);
    fill_(ls.gamma(), 3);
  }
  int64_t last = 0;
  for (const Event& event : timeline.events()) {
    EXPECT_LE(0, event.begin_ns);
    EXPECT_LE(event.begin_ns, event.end_ns);
    EXPECT_LE(last, event.end_ns) << "recorded as they end";
    last = event.end_ns;
  }
}

}  // namespace
}  // namespace hollow
