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

#include "kernels/cpu/pack.h"
#include "kernels/cpu/random_blocks.h"
#include "kernels/distributions.h"
#include "kernels/random.h"

namespace hollow::kernels {
namespace {

// What one step makes: several groups of blocks side by side (pack.h), each of them two vectors of
// values.
constexpr int kGroups = 4;
using GroupLanes = Packed<Vectors, kGroups>;
using ValueLanes = Packed<Vectors, 2 * kGroups>;
using Wide = Pack<Vectors::Wide, kGroups>;
constexpr int64_t kBlocksOfGroup = Vectors::kWides;
constexpr int64_t kBlocksOfStep = kGroups * kBlocksOfGroup;
static_assert(kBlocksOfStep <= kBlocksAtOnce);

HOLLOW_INLINE Wide multiply_low(Wide a, Wide b) {
  return Wide::of([&](int i) { return Vectors::multiply_low(a.v[i], b.v[i]); });
}

// Word 0 of each lane of `low`, then that of `high`.
HOLLOW_INLINE GroupLanes::Word join(const Wide& low, const Wide& high) {
  return GroupLanes::Word::of(
      [&](int i) { return (Vectors::Word)Vectors::join(low.v[i], high.v[i]); });
}

struct Words {
  Wide word[4];
};

// kernels/philox.h, with a block in each lane.
HOLLOW_INLINE Words philox(const Wide& number, RandomStream stream) {
  const Wide multiplier0 = uint64_t{0xD2511F53u};
  const Wide multiplier1 = uint64_t{0xCD9E8D57u};
  Wide c0 = number, c1 = number >> 32, c2 = uint64_t{stream.generation}, c3 = uint64_t{0};
  uint32_t key0 = static_cast<uint32_t>(stream.key);
  uint32_t key1 = static_cast<uint32_t>(stream.key >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const Wide product0 = multiply_low(c0, multiplier0);
    const Wide product1 = multiply_low(c2, multiplier1);
    c0 = (product1 >> 32) ^ (c1 ^ uint64_t{key0});
    c1 = product1;
    c2 = (product0 >> 32) ^ (c3 ^ uint64_t{key1});
    c3 = product0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// The values of one step in the order of the blocks.
template <typename Distribution>
HOLLOW_INLINE ValueLanes::Float values_of_step(const Words& words, const Distribution& fill) {
  const auto& word = words.word;
  if constexpr (Distribution::kPairs) {
    GroupLanes::Float first, second;
    fill.template pair<GroupLanes>(join(word[0], word[2]), join(word[1], word[3]), &first, &second);
    return ValueLanes::Float::of([&](int i) {
      const auto fours = i % 2 == 0 ? Vectors::even_fours : Vectors::odd_fours;
      return fours(first.v[i / 2], second.v[i / 2]);
    });
  } else {
    const GroupLanes::Word a = join(word[0], word[1]), b = join(word[2], word[3]);
    return fill.template value<ValueLanes>(ValueLanes::Word::of([&](int i) {
      const auto pairs = i % 2 == 0 ? Vectors::even_pairs : Vectors::odd_pairs;
      return pairs(a.v[i / 2], b.v[i / 2]);
    }));
  }
}

// `numbers` gives those of the group's blocks from i on.
template <typename T, typename Distribution, typename Numbers>
[[gnu::flatten]] void fill_blocks(T* y, int64_t blocks, RandomStream stream,
                                  const Distribution& given, Numbers numbers) {
  const Distribution fill = given;  // a copy: stores to y cannot change it
  T rest[4 * kBlocksOfStep];
  for (int64_t i = 0; i < blocks; i += kBlocksOfStep) {
    const Wide number = Wide::of([&](int g) { return numbers(i + g * kBlocksOfGroup); });
    T* const to = i + kBlocksOfStep <= blocks ? y + 4 * i : rest;
    const ValueLanes::Float values = values_of_step(philox(number, stream), fill);
    for (int v = 0; v < 2 * kGroups; ++v) Vectors::store(to + Vectors::kFloats * v, values.v[v]);
  }
  const int64_t whole = blocks / kBlocksOfStep * kBlocksOfStep;
  __builtin_memcpy(y + 4 * whole, rest, static_cast<size_t>(4 * (blocks - whole)) * sizeof(T));
}

}  // namespace

template <Isa kIsa, typename T, typename Distribution>
void random_run(T* y, uint64_t first, int64_t blocks, RandomStream stream,
                const Distribution& fill) {
  const Vectors::Wide start = Vectors::kOrder + first;
  fill_blocks(y, blocks, stream, fill,
              [start](int64_t i) { return start + static_cast<uint64_t>(i); });
}

template <Isa kIsa, typename T, typename Distribution>
void random_list(T* y, const uint64_t* numbers, int64_t blocks, RandomStream stream,
                 const Distribution& fill) {
  fill_blocks(y, blocks, stream, fill,
              [numbers](int64_t i) { return Vectors::in_order(Vectors::load(numbers + i)); });
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_RANDOM_LANES_H_
