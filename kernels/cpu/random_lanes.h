// The blocks of kernels/cpu/random_blocks.h for vectors, once for all instruction sets: included by
// the source of each, after its lanes.
//
// A 64-bit lane computes a block. Its four words are in the lower halves of four vectors, where the
// products of a round are at home: a product's lower half is the next word as it stands, and
// nothing reads the upper halves. Only then are words joined, two to a lane: as elements are in
// memory, or, for pairs, first words beside first words.
#ifndef HOLLOW_KERNELS_CPU_RANDOM_LANES_H_
#define HOLLOW_KERNELS_CPU_RANDOM_LANES_H_

#include <cstdint>

#include "kernels/cpu/random_blocks.h"
#include "kernels/distributions.h"
#include "kernels/random.h"

namespace hollow::kernels {
namespace {

// What one step makes: two groups of blocks, since one leaves a core waiting for its products.
constexpr int kGroups = 2;

template <typename Lanes>
constexpr int64_t kBlocksOfStep = kGroups* Lanes::kWides;

template <typename Lanes>
struct Words {
  typename Lanes::Wide word[kGroups][4];
};

// kernels/philox.h, with a block in each lane.
template <typename Lanes>
inline Words<Lanes> philox(const typename Lanes::Wide (&number)[kGroups], RandomStream stream) {
  using Wide = typename Lanes::Wide;
  const Wide multiplier0 = Wide{} + uint64_t{0xD2511F53u};
  const Wide multiplier1 = Wide{} + uint64_t{0xCD9E8D57u};
  Words<Lanes> c;
  for (int g = 0; g < kGroups; ++g) {
    c.word[g][0] = number[g];
    c.word[g][1] = number[g] >> 32;
    c.word[g][2] = Wide{} + uint64_t{stream.generation};
    c.word[g][3] = Wide{};
  }
  uint32_t key0 = static_cast<uint32_t>(stream.key);
  uint32_t key1 = static_cast<uint32_t>(stream.key >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    for (int g = 0; g < kGroups; ++g) {
      const Wide product0 = Lanes::multiply_low(c.word[g][0], multiplier0);
      const Wide product1 = Lanes::multiply_low(c.word[g][2], multiplier1);
      c.word[g][0] = (product1 >> 32) ^ c.word[g][1] ^ uint64_t { key0 };
      c.word[g][1] = product1;
      c.word[g][2] = (product0 >> 32) ^ c.word[g][3] ^ uint64_t { key1 };
      c.word[g][3] = product0;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

// The blocks of one step to their places.
template <typename Lanes, typename T, typename Distribution>
inline void store_step(T* y, const Words<Lanes>& words, const Distribution& fill) {
  using Float = typename Lanes::Float;
  using Word = typename Lanes::Word;
  for (int g = 0; g < kGroups; ++g) {
    const auto& word = words.word[g];
    Float low, high;
    if constexpr (Distribution::kPairs) {
      Float first, second;
      fill.template pair<Lanes>((Word)Lanes::join(word[0], word[2]),
                                (Word)Lanes::join(word[1], word[3]), &first, &second);
      low = Lanes::even_fours(first, second);
      high = Lanes::odd_fours(first, second);
    } else {
      const auto a = Lanes::join(word[0], word[1]);
      const auto b = Lanes::join(word[2], word[3]);
      low = fill.template value<Lanes>((Word)Lanes::even_pairs(a, b));
      high = fill.template value<Lanes>((Word)Lanes::odd_pairs(a, b));
    }
    Lanes::store(y + 4 * Lanes::kWides * g, low);
    Lanes::store(y + 4 * Lanes::kWides * g + Lanes::kFloats, high);
  }
}

// `step` gives the numbers of the blocks from i on.
template <typename Lanes, typename T, typename Distribution, typename Numbers>
inline void fill_blocks(T* y, int64_t blocks, RandomStream stream, const Distribution& given,
                        Numbers numbers) {
  constexpr int64_t kStep = kBlocksOfStep<Lanes>;
  static_assert(kStep <= kBlocksAtOnce);
  const Distribution fill = given;  // a copy: stores of y cannot change it
  typename Lanes::Wide number[kGroups];
  int64_t i = 0;
  for (; i + kStep <= blocks; i += kStep) {
    for (int g = 0; g < kGroups; ++g) number[g] = numbers(i + g * Lanes::kWides);
    store_step<Lanes>(y + 4 * i, philox<Lanes>(number, stream), fill);
  }
  if (i == blocks) return;
  T rest[4 * kStep];
  for (int g = 0; g < kGroups; ++g) number[g] = numbers(i + g * Lanes::kWides);
  store_step<Lanes>(rest, philox<Lanes>(number, stream), fill);
  __builtin_memcpy(y + 4 * i, rest, static_cast<size_t>(4 * (blocks - i)) * sizeof(T));
}

}  // namespace

template <Isa kIsa, typename T, typename Distribution>
void random_run(T* y, uint64_t first, int64_t blocks, RandomStream stream,
                const Distribution& fill) {
  const Vectors::Wide start = Vectors::kOrder + first;
  fill_blocks<Vectors>(y, blocks, stream, fill,
                       [start](int64_t i) { return start + static_cast<uint64_t>(i); });
}

template <Isa kIsa, typename T, typename Distribution>
void random_list(T* y, const uint64_t* numbers, int64_t blocks, RandomStream stream,
                 const Distribution& fill) {
  fill_blocks<Vectors>(y, blocks, stream, fill, [numbers](int64_t i) {
    return Vectors::in_order(Vectors::load(numbers + i));
  });
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_RANDOM_LANES_H_
