#ifndef HOLLOW_KERNELS_DISTRIBUTIONS_H_
#define HOLLOW_KERNELS_DISTRIBUTIONS_H_

// From random words (kernels/philox.h) to f32 values, on host and device, with equal bits.
//
//   const NormalFill fill{make_normal(/*mean=*/0, /*std=*/0.02)};
//   float out[4];
//   fill(random_block(key, generation, block), out);   // elements 4 * block to 4 * block + 3
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
//
// All polynomials are fits of ours, from tools/fit_distributions.py.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/hd.h"
#include "kernels/philox.h"
#include "kernels/truncated_normal.h"

namespace hollow::kernels {

// c[0] + c[1] x + ... by Horner's rule, all in fma.
template <int kCount>
HOLLOW_HD inline float polynomial(float x, const float (&c)[kCount]) {
  float sum = c[kCount - 1];
  for (int i = kCount - 2; i >= 0; --i) sum = fma_rn(sum, x, c[i]);
  return sum;
}

// -ln x for normal x in (0, 1], within 2 units in the last place. `minus_one` is x - 1: where x
// is near 1 its own last digits are too few, and a caller may know better.
//
// x = 2^e m with m in [sqrt(1/2), sqrt(2)); then -ln x = -e ln 2 + f P(f), f = m - 1.
HOLLOW_HD inline float minus_log(float x, float minus_one) {
  constexpr float kNegLog[9] = {-1.0f,         0.499999911f,  -0.333339453f,
                                0.250017762f,  -0.199622393f, 0.165703163f,
                                -0.149163604f, 0.143076867f,  -0.0873871893f};
  constexpr float kMinusLn2 = -0.693147182f;
  constexpr uint32_t kSqrtHalf = 0x3f3504f3u;  // the bits of sqrt(1/2)
  const int32_t e = static_cast<int32_t>(bits_of(x) - kSqrtHalf) >> 23;
  const float m = float_of_bits(bits_of(x) - (static_cast<uint32_t>(e) << 23));
  const float f = e == 0 ? minus_one : m - 1.0f;
  return fma_rn(float_rn(e), kMinusLn2, f * polynomial(f, kNegLog));
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
HOLLOW_HD inline float uniform(uint32_t word, const UniformParams& p) {
  const float value = fma_rn(float_rn(word >> 8), p.step, p.lo);
  return value < p.max ? value : p.max;
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
HOLLOW_HD inline void normal_pair(uint32_t word0, uint32_t word1, const NormalParams& p,
                                  float* value0, float* value1) {
  constexpr float kSin[4] = {6.28318548f, -41.3418655f, 81.6256256f, -76.7749634f};
  constexpr float kCos[5] = {1.0f, -19.7392082f, 64.9391479f, -85.4245224f, 58.6211357f};
  const float u = fma_rn(float_rn(word0), 0x1p-32f, 0x1p-33f);  // in (0, 1]
  const float depth = minus_log(u, u - 1.0f);
  const float radius = sqrt_rn(depth + depth);

  const uint32_t quarter = (word1 + (1u << 29)) >> 30;
  const float x = float_rn(static_cast<int32_t>(word1 - (quarter << 30))) * 0x1p-32f;  // in turns
  const float square = x * x;
  const float sin = x * polynomial(square, kSin);
  const float cos = polynomial(square, kCos);

  // Turn (cos, sin) by the quarters: swap for an odd one, then the signs of its quadrant.
  const bool odd = (quarter & 1u) != 0;
  const uint32_t sign0 = ((quarter + 1u) & 2u) << 30;
  const uint32_t sign1 = (quarter & 2u) << 30;
  const float unit0 = float_of_bits(bits_of(odd ? sin : cos) ^ sign0);
  const float unit1 = float_of_bits(bits_of(odd ? cos : sin) ^ sign1);
  *value0 = fma_rn(radius * unit0, p.std, p.mean);
  *value1 = fma_rn(radius * unit1, p.std, p.mean);
}

HOLLOW_HD inline float truncated_normal(uint32_t word, const TruncatedNormalParams& p) {
  const uint32_t w = word ^ p.flip;
  const bool left = w < p.split;
  const uint32_t to_end = left ? w : ~w;
  const uint32_t from_origin = left ? p.split - 1u - w : w - p.split;
  const float part = fma_rn(float_rn(from_origin), p.step, p.offset);
  const float rest = fma_rn(float_rn(to_end), p.step, left ? p.rest_left : p.rest_right);

  // 1 - part^2 = rest * (1 + part), but for the digits that either form loses.
  const float depth =
      p.central != 0 ? minus_log(rest * (1.0f + part), -(part * part)) : minus_log(rest, -part);
  const float growth = p.central != 0 ? sqrt_rn(depth) : depth;
  const float x = fma_rn(reciprocal_rn(depth + p.shift), p.map_scale, p.map_offset);
  const float distance = growth * polynomial(x, p.poly);
  const float value = fma_rn(distance, left ? p.scale_left : p.scale_right, p.origin);
  const float above = value < p.lo ? p.lo : value;
  return above < p.hi ? above : p.hi;
}

// The three distributions in one shape, for one fill kernel: a block of words to four values.

struct UniformFill {
  UniformParams params;
  HOLLOW_HD void operator()(const Philox4x32& block, float (&out)[4]) const {
    for (int i = 0; i < 4; ++i) out[i] = uniform(block.word[i], params);
  }
};

struct NormalFill {
  NormalParams params;
  HOLLOW_HD void operator()(const Philox4x32& block, float (&out)[4]) const {
    normal_pair(block.word[0], block.word[1], params, &out[0], &out[1]);
    normal_pair(block.word[2], block.word[3], params, &out[2], &out[3]);
  }
};

struct TruncatedNormalFill {
  TruncatedNormalParams params;
  HOLLOW_HD void operator()(const Philox4x32& block, float (&out)[4]) const {
    for (int i = 0; i < 4; ++i) out[i] = truncated_normal(block.word[i], params);
  }
};

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_DISTRIBUTIONS_H_
