#ifndef HOLLOW_KERNELS_PHILOX_H_
#define HOLLOW_KERNELS_PHILOX_H_

// Random words that are named, not counted: Philox4x32-10, on host and device.
//
//   Philox4x32 block = random_block(key, generation, i / 4);
//   uint32_t word = block.word[i % 4];   // belongs to element i of the tensor with that key
//
// Promise: a word is a function of (key, generation, element index) and of nothing else. There is
// no state to advance, save or share, so any thread, device or shard can compute any element, and
// a word that is skipped changes no other. These bits are public: they never change.
//
// Philox is the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3" (SC'11): ten rounds of two 32x32 -> 64 bit products over a 128-bit
// counter, keyed by 64 bits. C++26 has it as std::philox4x32.

#include <cstdint>

#include "kernels/hd.h"

namespace hollow::kernels {

struct Philox4x32 {
  uint32_t word[4];
};

HOLLOW_HD inline Philox4x32 philox4x32_10(const uint32_t (&counter)[4], const uint32_t (&key)[2]) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53u;
  constexpr uint32_t kMultiplier1 = 0xCD9E8D57u;
  constexpr uint32_t kWeyl0 = 0x9E3779B9u;  // the golden ratio
  constexpr uint32_t kWeyl1 = 0xBB67AE85u;  // sqrt(3) - 1
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = static_cast<uint64_t>(kMultiplier0) * c0;
    const uint64_t product1 = static_cast<uint64_t>(kMultiplier1) * c2;
    c0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(product1);
    c2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(product0);
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return {{c0, c1, c2, c3}};
}

// The words of elements 4 * block to 4 * block + 3 of the tensor that `key` names. The counter's
// last word stays 0: it is free for streams that are not tensor elements.
HOLLOW_HD inline Philox4x32 random_block(uint64_t key, uint32_t generation, uint64_t block) {
  const uint32_t counter[4] = {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                               generation, 0};
  const uint32_t key_words[2] = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
  return philox4x32_10(counter, key_words);
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_PHILOX_H_
