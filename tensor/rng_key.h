// The name of a stream of random numbers.
//
//   RngKey root(42);                               // a seed
//   RngKey gamma = root / "blocks.0" / "ls1.gamma";  // a name below it; the dots are slashes too
//
// A random value is a function of (key, generation, element index) and of nothing else. The key is
// 64 bits, made from the seed and the path:
//
//   key(seed)       = seed
//   key(k / name)   = words 0 and 1 (low, high) of Philox4x32-10 with key k and counter
//                     {low and high half of FNV-1a-64(name), the name's length in bytes, 1}
//
// The last counter word is 0 where values are drawn, so names and values never share a block. These
// bits are part of the public contract and do not change; tests/golden holds them.
#ifndef HOLLOW_TENSOR_RNG_KEY_H_
#define HOLLOW_TENSOR_RNG_KEY_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace hollow {

class RngKey {
 public:
  explicit constexpr RngKey(uint64_t seed) : bits_(seed) {}

  // The key of `name` below this one, in the same generation. "a.b" is "a", then "b". Throws
  // Error(kKey) where the name, or a part of it between dots, is empty.
  RngKey operator/(absl::string_view name) const;

  // The same name, asked for other values. Generation 0 is the first.
  constexpr RngKey with_generation(uint32_t generation) const {
    RngKey key = *this;
    key.generation_ = generation;
    return key;
  }

  constexpr uint64_t bits() const { return bits_; }
  constexpr uint32_t generation() const { return generation_; }

  friend constexpr bool operator==(RngKey, RngKey) = default;

 private:
  uint64_t bits_;
  uint32_t generation_ = 0;
};

// "RngKey(0x000000000000002a, generation 0)".
std::string to_string(RngKey key);
std::ostream& operator<<(std::ostream& out, RngKey key);

// The key of the next module that is built as a root on this thread: the innermost RngScope's, else
// RngKey(the manual seed).
RngKey default_rng_key();

// Sets the seed of the whole process; 0 until then. Roots that are built already keep their keys.
void manual_seed(uint64_t seed);

// Sets default_rng_key() of this thread for the scope's lifetime. Scopes nest.
//
//   RngScope scope(RngKey(0) / "teacher");    // this model is to differ from the student
class RngScope {
 public:
  explicit RngScope(RngKey key);
  ~RngScope();
  RngScope(const RngScope&) = delete;
  RngScope& operator=(const RngScope&) = delete;

 private:
  RngKey key_;
  const RngScope* outer_;

  friend RngKey default_rng_key();
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_RNG_KEY_H_
