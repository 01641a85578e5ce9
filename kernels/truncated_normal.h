#ifndef HOLLOW_KERNELS_TRUNCATED_NORMAL_H_
#define HOLLOW_KERNELS_TRUNCATED_NORMAL_H_

// The host's half of a truncated normal fill: from (mean, std, a, b) to what an element needs.
//
//   const TruncatedNormalParams p = make_truncated_normal(/*mean=*/0, /*std=*/0.02, -2, 2);
//   const float value = truncated_normal(word, p);   // kernels/distributions.h, host or device
//
// The value is the inverse distribution function at (word + 1/2) / 2^32: one word an element, never
// a rejection, and, but for rounding, it never falls as the word rises. It is measured as a
// distance t, in standard deviations, from an origin that keeps the digits that matter. Let Q(t) be
// the mass of N(0,1) beyond t.
//
//   central: the origin is the mean. Each side has its own count of words, so that both tails are
//   as fine as words can make them. With p = 1 - 2 Q(t):
//       L = -ln(1 - p^2),   t = sqrt(L) * poly(x),   x = map_scale / (L + shift) + map_offset
//
//   tail, where the mean lies outside, by 1.5 std or at any distance from a short interval: the
//   origin is the bound nearest to it. However deep the tail, this is exact near the bound, where
//   mean + std * z would have no digits left. With alpha the bound in standard deviations, and
//   p = 1 - Q(alpha + t) / Q(alpha):
//       L = -ln(1 - p),     t = L * poly(x) / hazard(alpha),   x likewise
//   The polynomial is made for this alpha. As alpha grows it tends to 1, and the distribution to
//   the exponential one.
//
// p is counted from the near end of its range and 1 - p from the far end, so each is right to its
// own last digits. Both forms are our own fits. The error of t is a few units in the last place of
// an f32 (4e-7 relative; tests/kernels/truncated_normal_test.cc measures it).
//
// make_truncated_normal() takes about a microsecond, or fifteen where it makes a polynomial. It
// calls no function of libm that could round in more than one way, so the constants, and with them
// the values, are the same on every platform.

#include <cstdint>

namespace hollow::kernels {

inline constexpr int kTruncatedNormalDegree = 10;

// Plain data, passed to the device by value. Only truncated_normal() reads it.
struct TruncatedNormalParams {
  uint32_t flip;   // all ones where the interval lies left of the mean: words are then mirrored
  uint32_t split;  // words below it (after the flip) fall left of the origin
  uint32_t central;
  float step;                     // p gained from one word to the next
  float offset;                   // p of the first word beside the origin
  float rest_left, rest_right;    // 1 - p of the last word on each side
  float scale_left, scale_right;  // from sqrt(L) * poly or L * poly to the value
  float origin;
  float lo, hi;  // the value is clamped to these
  float shift, map_scale, map_offset;
  float poly[kTruncatedNormalDegree + 1];
};

// Requires a <= b, a < +inf, b > -inf, std >= 0, no NaN, and finite arguments within f32's range.
// a may be -inf and b may be +inf. The values lie in [a, b], also when compared as f64, if any f32
// lies there; if not, they are the f32 nearest to it. std == 0 gives the mean clamped to [a, b].
TruncatedNormalParams make_truncated_normal(double mean, double std, double a, double b);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_TRUNCATED_NORMAL_H_
