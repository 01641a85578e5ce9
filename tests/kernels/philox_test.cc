#include "kernels/philox.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

namespace hollow::kernels {
namespace {

std::vector<uint32_t> words(const Philox4x32& block) {
  return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

// The known answers that Random123 publishes (kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, MatchesRandom123) {
  EXPECT_EQ(words(philox4x32_10({0, 0, 0, 0}, {0, 0})),
            (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words(philox4x32_10({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u})),
            (std::vector<uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                                {0xa4093822, 0x299f31d0})),
            (std::vector<uint32_t>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// C++26 [rand.predef]: the 10000th word of a default-constructed philox4x32.
TEST(Philox, ElementsAreTheStandardsSequence) {
  EXPECT_EQ(random_block(20111115, 0, 9999 / 4).word[9999 % 4], 1955073260u);
}

TEST(Philox, BlockIsNamedByKeyGenerationAndIndex) {
  const uint64_t key = 0x299f31d0a4093822, block = 0x85a308d3243f6a88;
  EXPECT_EQ(
      words(random_block(key, 0x13198a2e, block)),
      words(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0}, {0xa4093822, 0x299f31d0})));
}

TEST(Philox, EveryBitOfTheNameCounts) {
  std::set<std::vector<uint32_t>> seen = {words(random_block(0, 0, 0))};
  for (int bit = 0; bit < 64; ++bit) {
    seen.insert(words(random_block(uint64_t{1} << bit, 0, 0)));
    seen.insert(words(random_block(0, 0, uint64_t{1} << bit)));
    if (bit < 32) seen.insert(words(random_block(0, uint32_t{1} << bit, 0)));
  }
  EXPECT_EQ(seen.size(), 1u + 64 + 64 + 32);
}

static_assert(sizeof(Philox4x32) == 16);

}  // namespace
}  // namespace hollow::kernels
