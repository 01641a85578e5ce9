#include "benchmarks/streams.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "benchmarks/stream_set.h"
#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/isa.h"

namespace hollow::benchmarks {
namespace {

// 64-byte lines of bytes that tell places apart, with a line before and one behind them.
class Lines {
 public:
  Lines(int64_t lines, int seed) : bytes_(64 * lines), memory_(bytes_ + 4 * 64) {
    for (size_t i = 0; i < memory_.size(); ++i) {
      memory_[i] = static_cast<char>((i * 7 + i / 256 + static_cast<size_t>(seed)) % 251);
    }
  }
  char* data() {
    const auto past = reinterpret_cast<uintptr_t>(memory_.data()) % 64;
    return memory_.data() + 64 + (64 - past) % 64;
  }
  int64_t bytes() const { return bytes_; }
  std::string values() { return {data(), static_cast<size_t>(bytes_)}; }
  std::string around() { return std::string(data() - 64, 64) + std::string(data() + bytes_, 64); }

 private:
  int64_t bytes_;
  std::vector<char> memory_;
};

std::vector<const StreamSet*> sets() {
  std::vector<const StreamSet*> all;
  for (const kernels::Isa isa : kernels::available_isas()) all.push_back(&streams_of(isa));
  return all;
}

class Streams : public testing::TestWithParam<int> {
 protected:
  // Runs each on one thread and on all, and compares `to` with what it should hold.
  void check(absl::Span<const Stream> streams, auto expected) {
    for (size_t i = 0; i < streams.size(); ++i) {
      for (const Threads threads : {Threads::kOne, Threads::kAll}) {
        SCOPED_TRACE(i);
        Lines to(GetParam(), 1), from(GetParam(), 2), beside(GetParam(), 3);
        const std::string was = to.values(), around = to.around();
        const std::string x = from.values(), z = beside.values();
        run_stream(streams[i], threads, to.data(), from.data(), beside.data(), to.bytes());
        EXPECT_TRUE(to.values() == expected(was, x, z));
        EXPECT_EQ(to.around(), around);
        EXPECT_TRUE(from.values() == x && beside.values() == z);
      }
    }
  }
};

TEST_P(Streams, CopyFrom) {
  for (const StreamSet* set : sets()) {
    check(set->copy, [](auto, auto from, auto) { return from; });
  }
}

// Which says nothing of lines that are left out.
TEST_P(Streams, UpdateToWhatWasThere) {
  for (const StreamSet* set : sets()) {
    check(set->update, [](auto was, auto, auto) { return was; });
  }
}

TEST_P(Streams, MergeToBeside) {
  for (const StreamSet* set : sets()) {
    check(set->merge, [](auto, auto, auto beside) { return beside; });
  }
}

TEST_P(Streams, StoreOnes) {
  for (const StreamSet* set : sets()) {
    check(set->store, [](auto was, auto, auto) { return std::string(was.size(), '\1'); });
  }
}

// Odd numbers of lines have a middle that is in no half; the last is shared out among threads.
INSTANTIATE_TEST_SUITE_P(Lines, Streams, testing::Values(0, 1, 2, 3, 9, 64, 4097));

TEST(StreamsOfThisMachine, AreASetsOwn) {
  EXPECT_EQ(copy_streams().data(), sets().back()->copy);
  EXPECT_EQ(update_streams().data(), sets().back()->update);
  EXPECT_EQ(merge_streams().data(), sets().back()->merge);
  EXPECT_EQ(store_streams().data(), sets().back()->store);
}

}  // namespace
}  // namespace hollow::benchmarks
