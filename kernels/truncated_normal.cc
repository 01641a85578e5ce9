#include "kernels/truncated_normal.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

// All of this is f64 made of + - * /, fma and sqrt (ldexp, frexp, floor and nextafter are exact),
// in loops of fixed length, so that no libm has an opinion on the public bits. As in the element
// path, a product feeds a sum through an explicit fma, so no compiler has one either.

namespace hollow::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSqrtHalfPi = 1.2533141373155002512;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;
constexpr double kLn2 = 0.69314718055994530942;
constexpr double kWords = 4294967296.0;

// Above this alpha, the tail form: its fit is then good to 4e-8 for every length of interval. Below
// it, only where the interval is so short that it holds kShort of L.
constexpr double kTailAlpha = 1.5;
constexpr double kShort = 0.5;

// e^-x for x >= 0.
double exp_minus(double x) {
  if (x > 700) return 0;
  const double halvings = std::floor(x / kLn2 + 0.5);
  const double rest = std::fma(halvings, kLn2, -x);
  double sum = 1;
  for (int n = 18; n > 0; --n) sum = 1 + sum * rest / n;
  return std::ldexp(sum, -static_cast<int>(halvings));
}

// 1 - e^-x for x >= 0, without cancellation.
double one_minus_exp_minus(double x) {
  if (x > 0.5) return 1 - exp_minus(x);
  double sum = 1;
  for (int n = 14; n > 1; --n) sum = 1 - sum * x / n;
  return x * sum;
}

double natural_log(double x) {
  int exponent;
  const double m = std::frexp(x, &exponent);
  const double y = (m - 0.75) / (m + 0.75);  // ln(m / 0.75) = 2 artanh y
  double sum = 0;
  for (int n = 25; n > 0; n -= 2) sum = std::fma(sum, y * y, 1.0 / n);
  constexpr double kLog75 = -0.28768207245178092744;
  return std::fma(exponent, kLn2, std::fma(2 * y, sum, kLog75));
}

// Mills' ratio for z >= 0: the mass of N(0,1) beyond z over its density there, 1 / hazard(z).
double mills(double z) {
  if (z < 4) {  // Taylor's series at 0, from M' = z M - 1
    double even = kSqrtHalfPi, odd = -z, sum = even + odd;
    for (int n = 2; n < 80; n += 2) {
      even *= z * z / n;
      odd *= z * z / (n + 1);
      sum += even + odd;
    }
    return sum;
  }
  double fraction = z;  // Laplace's continued fraction
  for (int n = 40; n > 0; --n) fraction = z + n / fraction;
  return 1 / fraction;
}

double density(double z) { return kInverseSqrt2Pi * exp_minus(z * z / 2); }

double mass_beyond(double z) { return density(z) * mills(z); }

// The mass between 0 and z >= 0, without cancellation.
double mass_below(double z) {
  if (z > 3) return 0.5 - mass_beyond(z);
  double sum = 1;
  for (int n = 61; n > 1; n -= 2) sum = 1 + sum * z * z / n;
  return density(z) * z * sum;
}

// L of the tail form, as a function of t >= 0.
double tail_depth(double alpha, double t) {
  if (t == kInfinity) return kInfinity;
  // The trapezoid over so short a stretch is exact to 1e-8, and the difference below is not.
  if (t < 1e-3) return t * (1 / mills(alpha) + 1 / mills(alpha + t)) / 2;
  return std::fma(t, alpha + t / 2, natural_log(mills(alpha) / mills(alpha + t)));
}

// Interpolates t * hazard(alpha) / L for L up to `range`.
void make_tail_poly(double alpha, double range, TruncatedNormalParams* p) {
  constexpr int kPoints = kTruncatedNormalDegree + 1;
  const double hazard = 1 / mills(alpha);
  p->shift = static_cast<float>(std::min(std::max(6.6 * alpha, 1.0), 3 * range));
  const double near = 1 / static_cast<double>(p->shift);
  const double far = 1 / (p->shift + range);
  p->map_scale = static_cast<float>(2 / (near - far));
  p->map_offset = static_cast<float>(-(near + far) / (near - far));

  // Chebyshev's points for x, cos((2i + 1) pi / 22). They need only be close to those.
  constexpr double kWanted[kPoints] = {0.990,  0.910,  0.756,  0.541,  0.282, 0.0,
                                       -0.282, -0.541, -0.756, -0.910, -0.990};
  double x[kPoints], c[kPoints];
  for (int i = 0; i < kPoints; ++i) {
    const double wanted = p->map_scale / (kWanted[i] - p->map_offset) - p->shift;
    const double t = 2 * wanted / (hazard + std::sqrt(std::fma(hazard, hazard, 2 * wanted)));
    const double reached = tail_depth(alpha, t);
    x[i] = p->map_scale / (reached + p->shift) + p->map_offset;
    c[i] = t * hazard / reached;
  }
  for (int order = 1; order < kPoints; ++order) {  // divided differences
    for (int i = kPoints - 1; i >= order; --i) c[i] = (c[i] - c[i - 1]) / (x[i] - x[i - order]);
  }
  double power[kPoints] = {};
  for (int i = kPoints - 1; i >= 0; --i) {  // from Newton's form to powers of x, by Horner
    for (int k = kPoints - 1; k > 0; --k) power[k] = std::fma(-x[i], power[k], power[k - 1]);
    power[0] = std::fma(-x[i], power[0], c[i]);
  }
  for (int k = 0; k < kPoints; ++k) p->poly[k] = static_cast<float>(power[k]);
}

void use_central_poly(TruncatedNormalParams* p) {
  // From tools/fit_distributions.py; for t up to 6.75, which is as far as kTailAlpha lets it go.
  constexpr float kCentralShift = 10.0f;
  constexpr float kCentralScale = -28.2493649f;
  constexpr float kCentralOffset = 1.82493639f;
  constexpr float kCentral[11] = {1.31467712f,     0.063578926f,     -0.0053275493f,
                                  -0.0058249454f,  0.0040168874f,    0.00117834203f,
                                  -0.00181525794f, -0.000161945383f, 0.000677169766f,
                                  1.18405133e-05f, -0.000131988199f};
  p->central = 1;
  p->shift = kCentralShift;
  p->map_scale = kCentralScale;
  p->map_offset = kCentralOffset;
  std::copy(std::begin(kCentral), std::end(kCentral), p->poly);
}

float nearest_float(double x) {
  constexpr double kMax = std::numeric_limits<float>::max();
  if (x > kMax) return std::numeric_limits<float>::infinity();
  if (x < -kMax) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(x);
}

// Rounds the bounds inwards, where there is room.
void set_bounds(double a, double b, TruncatedNormalParams* p) {
  constexpr float kUp = std::numeric_limits<float>::infinity();
  p->lo = nearest_float(a);
  p->hi = nearest_float(b);
  if (p->lo < a) p->lo = std::nextafter(p->lo, kUp);
  if (p->hi > b) p->hi = std::nextafter(p->hi, -kUp);
  if (p->lo > p->hi) p->lo = p->hi = nearest_float(a + (b - a) / 2);
}

}  // namespace

TruncatedNormalParams make_truncated_normal(double mean, double std, double a, double b) {
  TruncatedNormalParams p = {};
  set_bounds(a, b, &p);
  use_central_poly(&p);
  constexpr double kFar = 1e150;  // in standard deviations; what is left beyond is one point
  if (std == 0 || a - mean > kFar * std || mean - b > kFar * std) {
    p.origin = nearest_float(mean);  // all else is 0, and the clamp does the rest
    return p;
  }

  double alpha = (a - mean) / std;
  double beta = (b - mean) / std;
  const bool mirrored = beta <= 0;
  if (mirrored) {
    p.flip = ~0u;
    std::swap(alpha, beta);
    alpha = -alpha;
    beta = -beta;
  }

  // In units of p: what all words share, where the first one starts, what lies beyond the last.
  double total, start = 0, beyond_left = 0, beyond_right;
  double scale = std;
  p.origin = nearest_float(mean);
  if (alpha < 0) {
    const double left = 2 * mass_below(-alpha);
    total = left + 2 * mass_below(beta);
    beyond_left = 2 * mass_beyond(-alpha);
    beyond_right = 2 * mass_beyond(beta);
    p.split = static_cast<uint32_t>(std::min(std::floor(left / total * kWords + 0.5), kWords - 1));
  } else {
    const double all = tail_depth(alpha, (b - a) / std);
    if (alpha < kTailAlpha && all > kShort) {
      start = 2 * mass_below(alpha);
      total = 2 * (mass_beyond(alpha) - mass_beyond(beta));
      beyond_right = 2 * mass_beyond(beta);
    } else {
      total = one_minus_exp_minus(all);
      beyond_right = exp_minus(all);
      constexpr double kDeepest = 33 * kLn2;  // the last word leaves 2^-33 beyond it
      p.central = 0;
      p.origin = mirrored ? p.hi : p.lo;
      scale *= mills(alpha);
      make_tail_poly(alpha, std::clamp(all, kShort, kDeepest), &p);
    }
  }

  // Over a very narrow interval t is proportional to p, whose step could underflow: stretch it.
  constexpr double kNarrow = 1.0 / (1 << 26);
  if (total < kNarrow) {
    scale *= total / kNarrow;
    total = kNarrow;
  }
  const double step = total / kWords;
  p.step = static_cast<float>(step);
  p.offset = static_cast<float>(start + step / 2);
  p.rest_left = static_cast<float>(beyond_left + step / 2);
  p.rest_right = static_cast<float>(beyond_right + step / 2);
  p.scale_left = nearest_float(-scale);
  p.scale_right = nearest_float(mirrored ? -scale : scale);
  return p;
}

}  // namespace hollow::kernels
