#ifndef HOLLOW_KERNELS_DISTRIBUTIONS_H_
#define HOLLOW_KERNELS_DISTRIBUTIONS_H_

// From random words (kernels/philox.h) to f32 values, on host and device, with equal bits.
//
//   const NormalFill fill{make_normal(/*mean=*/0, /*std=*/0.02)};
//   float out[4];   // elements 4 * block to 4 * block + 3
//   values_of(random_block(key, generation, block), fill, out);
//
// Each is written once, for any number of lanes (kernels/lanes.h).
//
// Promise: every operation here is one IEEE f32 or integer operation with one right answer, and no
// product feeds a sum but through an explicit fma. So the bits depend on no compiler, flag, libm or
// instruction set, and any kernel that does these operations, in any arrangement, has them too.
// They are public: they never change. Values of lower precision are these, rounded once.
//
// The make_ functions are for the host. Each distribution takes a fixed number of words an element:
//
//   uniform            one word: [lo, hi) in 2^24 steps
//   normal             two words for two elements (Box-Muller); |value - mean| < 6.8 std
//   truncated normal   one word (inverse distribution function; kernels/truncated_normal.h)
//   Bernoulli          one word, compared
//   integers           two words, as 64 bits, times the range
//
// All polynomials are fits of ours, from tools/fit_distributions.py.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/hd.h"
#include "kernels/lanes.h"
#include "kernels/philox.h"
#include "kernels/truncated_normal.h"

namespace hollow::kernels {

// c[0] + c[1] x + ... by Horner's rule, all in fma.
template <typename Lanes, int kCount>
HOLLOW_HD inline typename Lanes::Float polynomial(typename Lanes::Float x,
                                                  const float (&c)[kCount]) {
  typename Lanes::Float sum = Lanes::all(c[kCount - 1]);
  for (int i = kCount - 2; i >= 0; --i) sum = Lanes::fma(sum, x, Lanes::all(c[i]));
  return sum;
}

// -ln x for normal x in (0, 1], within 2 units in the last place. `minus_one` is x - 1: where x
// is near 1 its own last digits are too few, and a caller may know better.
//
// x = 2^e m with m in [sqrt(1/2), sqrt(2)); then -ln x = -e ln 2 + f P(f), f = m - 1.
template <typename Lanes>
HOLLOW_HD inline typename Lanes::Float minus_log(typename Lanes::Float x,
                                                 typename Lanes::Float minus_one) {
  constexpr float kNegLog[9] = {-1.0f,         0.499999911f,  -0.333339453f,
                                0.250017762f,  -0.199622393f, 0.165703163f,
                                -0.149163604f, 0.143076867f,  -0.0873871893f};
  constexpr float kMinusLn2 = -0.693147182f;
  constexpr uint32_t kSqrtHalf = 0x3f3504f3u;  // the bits of sqrt(1/2)
  const typename Lanes::Word bits = Lanes::bits(x);
  const typename Lanes::Int e = Lanes::as_int(bits - kSqrtHalf) >> 23;
  const typename Lanes::Float m = Lanes::from_bits(bits - (Lanes::as_word(e) << 23));
  const typename Lanes::Float f = Lanes::select(e == 0, minus_one, m - 1.0f);
  return Lanes::fma(Lanes::to_float(e), Lanes::all(kMinusLn2), f * polynomial<Lanes>(f, kNegLog));
}

struct UniformParams {
  float lo;
  float step;  // (hi - lo) / 2^24
  float max;   // the largest value below hi
};

// Requires lo <= hi, both finite in f32. Values lie in [lo, hi), also when compared as f64; if no
// f32 lies there, as when lo == hi, all are the f32 nearest to lo.
inline UniformParams make_uniform(double lo, double hi) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float first = static_cast<float>(lo), last = static_cast<float>(hi);
  if (first < lo) first = std::nextafter(first, kInfinity);
  if (last >= hi) last = std::nextafter(last, -kInfinity);
  if (first > last) first = last = static_cast<float>(lo);
  return {first, static_cast<float>((hi - lo) * 0x1p-24), last};
}

// lo + u (hi - lo) for u = (word >> 8) / 2^24, rounded once, then kept below hi.
template <typename Lanes>
HOLLOW_HD inline typename Lanes::Float uniform(typename Lanes::Word word, const UniformParams& p) {
  const typename Lanes::Float n = Lanes::to_float(Lanes::as_int(word >> 8));
  const typename Lanes::Float value = Lanes::fma(n, Lanes::all(p.step), Lanes::all(p.lo));
  return Lanes::select(value < p.max, value, Lanes::all(p.max));
}

struct NormalParams {
  float mean;
  float std;
};

inline NormalParams make_normal(double mean, double std) {
  return {static_cast<float>(mean), static_cast<float>(std)};
}

// Box-Muller: radius sqrt(-2 ln u) from the first word, angle from the second, both values of the
// pair. The angle is split as an integer, exactly, into the nearest quarter turn and at most an
// eighth of a turn beside it.
template <typename Lanes>
HOLLOW_HD inline void normal_pair(typename Lanes::Word word0, typename Lanes::Word word1,
                                  const NormalParams& p, typename Lanes::Float* value0,
                                  typename Lanes::Float* value1) {
  using Float = typename Lanes::Float;
  using Word = typename Lanes::Word;
  constexpr float kSin[4] = {6.28318548f, -41.3418655f, 81.6256256f, -76.7749634f};
  constexpr float kCos[5] = {1.0f, -19.7392082f, 64.9391479f, -85.4245224f, 58.6211357f};
  const Float u =  // in (0, 1]
      Lanes::fma(Lanes::to_float(word0), Lanes::all(0x1p-32f), Lanes::all(0x1p-33f));
  const Float depth = minus_log<Lanes>(u, u - 1.0f);
  const Float radius = Lanes::sqrt(depth + depth);

  const Word quarter = (word1 + (1u << 29)) >> 30;
  const Float x = Lanes::to_float(Lanes::as_int(word1 - (quarter << 30))) * 0x1p-32f;  // in turns
  const Float square = x * x;
  const Float sin = x * polynomial<Lanes>(square, kSin);
  const Float cos = polynomial<Lanes>(square, kCos);

  // Turn (cos, sin) by the quarters: swap for an odd one, then the signs of its quadrant.
  const auto odd = (quarter & 1u) != 0u;
  const Word sign0 = ((quarter + 1u) & 2u) << 30;
  const Word sign1 = (quarter & 2u) << 30;
  const Float unit0 = Lanes::from_bits(Lanes::bits(Lanes::select(odd, sin, cos)) ^ sign0);
  const Float unit1 = Lanes::from_bits(Lanes::bits(Lanes::select(odd, cos, sin)) ^ sign1);
  *value0 = Lanes::fma(radius * unit0, Lanes::all(p.std), Lanes::all(p.mean));
  *value1 = Lanes::fma(radius * unit1, Lanes::all(p.std), Lanes::all(p.mean));
}

template <typename Lanes>
HOLLOW_HD inline typename Lanes::Float truncated_normal(typename Lanes::Word word,
                                                        const TruncatedNormalParams& p) {
  using Float = typename Lanes::Float;
  using Word = typename Lanes::Word;
  const Word w = word ^ p.flip;
  const auto left = w < p.split;
  const Word to_end = Lanes::select(left, w, ~w);
  const Word from_origin = Lanes::select(left, p.split - 1u - w, w - p.split);
  const Float step = Lanes::all(p.step);
  const Float part = Lanes::fma(Lanes::to_float(from_origin), step, Lanes::all(p.offset));
  const Float rest =
      Lanes::fma(Lanes::to_float(to_end), step,
                 Lanes::select(left, Lanes::all(p.rest_left), Lanes::all(p.rest_right)));

  // 1 - part^2 = rest * (1 + part), but for the digits that either form loses.
  const Float depth = p.central != 0 ? minus_log<Lanes>(rest * (1.0f + part), -(part * part))
                                     : minus_log<Lanes>(rest, -part);
  const Float growth = p.central != 0 ? Lanes::sqrt(depth) : depth;
  const Float x = Lanes::fma(Lanes::reciprocal(depth + p.shift), Lanes::all(p.map_scale),
                             Lanes::all(p.map_offset));
  const Float distance = growth * polynomial<Lanes>(x, p.poly);
  const Float scale = Lanes::select(left, Lanes::all(p.scale_left), Lanes::all(p.scale_right));
  const Float value = Lanes::fma(distance, scale, Lanes::all(p.origin));
  const Float above = Lanes::select(value < p.lo, Lanes::all(p.lo), value);
  return Lanes::select(above < p.hi, above, Lanes::all(p.hi));
}

struct BernoulliParams {
  uint32_t first;  // the first word that gives `high`
  float low, high;
};

// Requires 0 <= p <= 1. Of the 2^32 words the highest round(p 2^32) give 1.
inline BernoulliParams make_bernoulli(double p) {
  const uint64_t ones = static_cast<uint64_t>(std::floor(std::fma(p, 0x1p32, 0.5)));
  return {static_cast<uint32_t>(0 - ones), 0.0f, ones > 0 ? 1.0f : 0.0f};
}

template <typename Lanes>
HOLLOW_HD inline typename Lanes::Float bernoulli(typename Lanes::Word word,
                                                 const BernoulliParams& p) {
  return Lanes::select(word < p.first, Lanes::all(p.low), Lanes::all(p.high));
}

struct IntegerParams {
  int64_t low;
  uint64_t range;  // high - low
};

// low + floor(n range / 2^64) for n of the two words, the first of them the lower half.
HOLLOW_HD inline int64_t integer(uint32_t word0, uint32_t word1, const IntegerParams& p) {
  // The product's upper half, from products of 32 bits by 64.
  const uint64_t low = (p.range & 0xffffffffu) * word1 + ((p.range & 0xffffffffu) * word0 >> 32);
  const uint64_t middle = (p.range >> 32) * word0 + (low & 0xffffffffu);
  const uint64_t n = (p.range >> 32) * word1 + (low >> 32) + (middle >> 32);
  return static_cast<int64_t>(static_cast<uint64_t>(p.low) + n);
}

// The distributions in one shape, for one fill kernel: a block of words to kPerBlock values. Those
// of floats have it for lanes too: from words to values one by one, or, where kPairs, two by two.

struct UniformFill {
  using Value = float;
  static constexpr int kPerBlock = 4;
  static constexpr bool kPairs = false;
  UniformParams params;

  template <typename Lanes>
  HOLLOW_HD typename Lanes::Float value(typename Lanes::Word word) const {
    return uniform<Lanes>(word, params);
  }
};

struct NormalFill {
  using Value = float;
  static constexpr int kPerBlock = 4;
  static constexpr bool kPairs = true;
  NormalParams params;

  template <typename Lanes>
  HOLLOW_HD void pair(typename Lanes::Word word0, typename Lanes::Word word1,
                      typename Lanes::Float* value0, typename Lanes::Float* value1) const {
    normal_pair<Lanes>(word0, word1, params, value0, value1);
  }
};

struct TruncatedNormalFill {
  using Value = float;
  static constexpr int kPerBlock = 4;
  static constexpr bool kPairs = false;
  TruncatedNormalParams params;

  template <typename Lanes>
  HOLLOW_HD typename Lanes::Float value(typename Lanes::Word word) const {
    return truncated_normal<Lanes>(word, params);
  }
};

struct BernoulliFill {
  using Value = float;
  static constexpr int kPerBlock = 4;
  static constexpr bool kPairs = false;
  BernoulliParams params;

  template <typename Lanes>
  HOLLOW_HD typename Lanes::Float value(typename Lanes::Word word) const {
    return bernoulli<Lanes>(word, params);
  }
};

struct IntegerFill {
  using Value = int64_t;
  static constexpr int kPerBlock = 2;
  IntegerParams params;
};

template <typename Fill>
HOLLOW_HD inline void values_of(const Philox4x32& block, const Fill& fill, float (&out)[4]) {
  if constexpr (Fill::kPairs) {
    fill.template pair<OneLane>(block.word[0], block.word[1], &out[0], &out[1]);
    fill.template pair<OneLane>(block.word[2], block.word[3], &out[2], &out[3]);
  } else {
    for (int i = 0; i < 4; ++i) out[i] = fill.template value<OneLane>(block.word[i]);
  }
}

HOLLOW_HD inline void values_of(const Philox4x32& block, const IntegerFill& fill,
                                int64_t (&out)[2]) {
  out[0] = integer(block.word[0], block.word[1], fill.params);
  out[1] = integer(block.word[2], block.word[3], fill.params);
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_DISTRIBUTIONS_H_
