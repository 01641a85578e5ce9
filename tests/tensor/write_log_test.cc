#include "tensor/write_log.h"

#include <barrier>
#include <cstdint>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/op_name.h"

namespace hollow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "writer writer x 2", "op fill_ x 1".
std::vector<std::string> lines(const WriteLog& log) {
  std::vector<std::string> result;
  for (const WriteCount& each : log.counts()) {
    const absl::string_view author = each.author == Author::kWriter ? "writer"
                                     : each.author == Author::kLoad ? "load"
                                                                    : "op";
    result.push_back(absl::StrCat(author, " ", each.op, " x ", each.count));
  }
  return result;
}

TEST(WriteLogTest, BeginsEmpty) { EXPECT_THAT(lines(WriteLog()), IsEmpty()); }

TEST(WriteLogTest, CountsInTheOrderOfEachOnesFirstWrite) {
  WriteLog log;
  log.add(Author::kWriter, "writer");
  log.add(Author::kOp, "fill_");
  log.add(Author::kOp, "copy_");
  log.add(Author::kOp, "fill_");
  log.add(Author::kWriter, "writer");
  log.add(Author::kOp, "fill_");
  EXPECT_THAT(lines(log), ElementsAre("writer writer x 2", "op fill_ x 3", "op copy_ x 1"));
}

TEST(WriteLogTest, KeepsAuthorsApart) {
  WriteLog log;
  log.add(Author::kOp, "copy_");
  log.add(Author::kLoad, "copy_");
  log.add(Author::kWriter, "copy_");
  log.add(Author::kLoad, "copy_");
  EXPECT_THAT(lines(log), ElementsAre("op copy_ x 1", "load copy_ x 2", "writer copy_ x 1"));
}

TEST(WriteLogTest, CountsANameThatIsWrittenInTwoPlacesOnce) {
  static constexpr char kHere[] = "fill_";
  static constexpr char kThere[] = "fill_";
  ASSERT_NE(kHere, kThere);
  WriteLog log;
  log.add(Author::kOp, kHere);
  log.add(Author::kOp, kThere);
  EXPECT_THAT(lines(log), ElementsAre("op fill_ x 2"));
}

TEST(WriteLogTest, BecomesAnother) {
  WriteLog from, to;
  from.add(Author::kLoad, "load_state_dict");
  from.add(Author::kOp, "fill_");
  from.add(Author::kOp, "fill_");
  to.add(Author::kOp, "fill_");
  to.assign(from);
  EXPECT_THAT(lines(to), ElementsAre("load load_state_dict x 1", "op fill_ x 2"));
  EXPECT_EQ(lines(to), lines(from));
  to.add(Author::kOp, "fill_");
  EXPECT_THAT(lines(from), ElementsAre("load load_state_dict x 1", "op fill_ x 2"));
}

TEST(WriteLogTest, ManyThreadsLoseNothing) {
  constexpr int kThreads = 8, kTrials = 50, kRounds = 20;
  constexpr OpName kNames[] = {"op0", "op1", "op2", "op3", "op4", "op5", "op6", "op7"};
  constexpr int kKinds = 2 * static_cast<int>(std::size(kNames));
  for (int trial = 0; trial < kTrials; ++trial) {
    WriteLog log;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        for (int round = 0; round < kRounds; ++round) {
          // The first round makes the nodes. Half of the threads make them in another order, so
          // that several of different names are made at once, and several of the same.
          for (int k = 0; k < kKinds; ++k) {
            const int kind = i % 2 == 0 ? k : kKinds - 1 - k;
            log.add(kind % 2 == 0 ? Author::kOp : Author::kLoad, kNames[kind / 2]);
          }
          // Others may look meanwhile.
          int64_t seen = 0;
          for (const WriteCount& each : log.counts()) seen += each.count;
          EXPECT_GE(seen, (round + 1) * kKinds);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::vector<WriteCount> counts = log.counts();
    ASSERT_EQ(counts.size(), static_cast<size_t>(kKinds)) << "no kind twice, and none lost";
    for (const WriteCount& each : counts) ASSERT_EQ(each.count, kThreads * kRounds) << each.op;
  }
}

}  // namespace
}  // namespace hollow
