#include "benchmarks/paired.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hollow::benchmarks {
namespace {

using ::testing::HasSubstr;

TEST(PairedTest, QuartilesOfSamplesInAnyOrder) {
  const Quartiles found = quartiles({5.0, 1.0, 4.0, 2.0, 3.0});
  EXPECT_EQ(found.low, 2.0);
  EXPECT_EQ(found.median, 3.0);
  EXPECT_EQ(found.high, 4.0);
}

TEST(PairedTest, QuartilesBetweenSamples) {
  const Quartiles found = quartiles({10.0, 0.0, 30.0, 20.0});
  EXPECT_EQ(found.low, 7.5);
  EXPECT_EQ(found.median, 15.0);
  EXPECT_EQ(found.high, 22.5);
}

TEST(PairedTest, QuartilesOfOneSample) {
  const Quartiles found = quartiles({7.0});
  EXPECT_EQ(found.low, 7.0);
  EXPECT_EQ(found.median, 7.0);
  EXPECT_EQ(found.high, 7.0);
}

TEST(PairedTest, CallsBothVariantsEquallyOften) {
  int first = 0;
  int second = 0;
  time_pairs({[&] { ++first; }}, {[&] { ++second; }}, {.batches = 5, .calls = 3});
  EXPECT_EQ(first, (1 + 5) * 3);  // one batch to warm up
  EXPECT_EQ(second, (1 + 5) * 3);
}

TEST(PairedTest, DrawsTheOrderAndTheCopies) {
  std::string calls;
  time_pairs({[&] { calls += 'a'; }, [&] { calls += 'A'; }},
             {[&] { calls += 'b'; }, [&] { calls += 'B'; }}, {.batches = 100, .calls = 1});
  ASSERT_EQ(calls.size(), 4 + 200);
  calls.erase(0, 4);  // the warm-up
  std::string pairs;
  for (size_t i = 0; i < calls.size(); i += 2) pairs += calls.substr(i, 2) + ' ';
  for (const char* pair : {"ab", "aB", "Ab", "AB", "ba", "bA", "Ba", "BA"}) {
    EXPECT_THAT(pairs, HasSubstr(pair));
  }
}

TEST(PairedTest, TheDifferenceIsFirstLessSecond) {
  int64_t spun = 0;
  const auto spin = [&spun] {
    for (int i = 0; i < 100000; ++i) {
      asm volatile("" : "+r"(spun));
    }
  };
  const Paired paired = time_pairs({spin}, {[] {}}, {.batches = 11, .calls = 1});
  EXPECT_GT(paired.difference.median, 0.0);
  EXPECT_GT(paired.first.median, paired.second.median);
}

TEST(PairedTest, OneVariantAlone) {
  int calls = 0;
  const Quartiles found = time_batches({[&] { ++calls; }}, {.batches = 5, .calls = 3});
  EXPECT_EQ(calls, (1 + 5) * 3);
  EXPECT_LE(found.low, found.median);
  EXPECT_LE(found.median, found.high);
}

}  // namespace
}  // namespace hollow::benchmarks
