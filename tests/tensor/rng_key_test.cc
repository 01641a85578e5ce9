#include "tensor/rng_key.h"

#include <cstdint>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;

// From an independent program (a dozen lines of Python: FNV-1a-64, Philox4x32-10).
TEST(RngKeyTest, BitsAreTheContracts) {
  EXPECT_EQ((RngKey(0) / "weight").bits(), 0x9f9c4fcefada63b9);
  EXPECT_EQ((RngKey(42) / "blocks.0.ls1.gamma").bits(), 0x5dd885bf976512a);
  EXPECT_EQ((RngKey(~uint64_t{0}) / "größe").bits(), 0x88e5954319aac452);
}

TEST(RngKeyTest, ASeedIsItsOwnKey) {
  EXPECT_EQ(RngKey(42).bits(), 42u);
  EXPECT_EQ(RngKey(42).generation(), 0u);
}

TEST(RngKeyTest, DotsAreSlashes) {
  const RngKey root(42);
  EXPECT_EQ(root / "blocks.0.ls1.gamma", root / "blocks" / "0" / "ls1" / "gamma");
  EXPECT_NE(root / "blocks.0", root / "blocks" / "00");
  EXPECT_NE(root / "a" / "b", root / "b" / "a");
  EXPECT_NE(root / "ab", root / "a.b");
}

TEST(RngKeyTest, NamesAndSeedsTellKeysApart) {
  std::set<uint64_t> seen;
  for (int seed = 0; seed < 20; ++seed) {
    for (int i = 0; i < 500; ++i) seen.insert((RngKey(seed) / absl::StrCat("w", i)).bits());
  }
  EXPECT_EQ(seen.size(), 20u * 500u);
}

TEST(RngKeyTest, GenerationIsKeptBelow) {
  const RngKey key = RngKey(7).with_generation(3);
  EXPECT_EQ(key.generation(), 3u);
  EXPECT_EQ((key / "a.b").generation(), 3u);
  EXPECT_EQ((key / "a").bits(), (RngKey(7) / "a").bits());
  EXPECT_NE(key, RngKey(7));
  EXPECT_EQ(key.with_generation(0), RngKey(7));
}

TEST(RngKeyTest, AnEmptyPartIsAnError) {
  for (const std::string name : {"", ".", "a.", ".a", "a..b"}) {
    expect_error(ErrorCode::kKey, {"RngKey:", "\"" + name + "\"", "empty"},
                 [&] { (void)(RngKey(0) / name); });
  }
}

TEST(RngKeyTest, Prints) {
  std::ostringstream out;
  out << RngKey(42).with_generation(3);
  EXPECT_EQ(out.str(), "RngKey(0x000000000000002a, generation 3)");
}

TEST(RngScopeTest, NestsAndGivesBack) {
  EXPECT_EQ(default_rng_key(), RngKey(0));
  {
    const RngScope teacher(RngKey(0) / "teacher");
    EXPECT_EQ(default_rng_key(), RngKey(0) / "teacher");
    try {
      const RngScope inner(RngKey(5).with_generation(2));
      EXPECT_EQ(default_rng_key(), RngKey(5).with_generation(2));
      throw std::runtime_error("out");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(default_rng_key(), RngKey(0) / "teacher");
  }
  EXPECT_EQ(default_rng_key(), RngKey(0));
}

TEST(RngScopeTest, SeedIsTheProcesssAndTheScopeIsTheThreads) {
  manual_seed(77);
  RngKey before(0), after(0);
  {
    const RngScope scope(RngKey(5));
    EXPECT_EQ(default_rng_key(), RngKey(5)) << "a scope goes before the seed";
    std::thread([&] {
      before = default_rng_key();
      const RngScope other(RngKey(6));
      after = default_rng_key();
    }).join();
  }
  EXPECT_EQ(before, RngKey(77));
  EXPECT_EQ(after, RngKey(6));
  EXPECT_EQ(default_rng_key(), RngKey(77));
  manual_seed(0);
  EXPECT_EQ(default_rng_key(), RngKey(0));
}

}  // namespace
}  // namespace hollow
