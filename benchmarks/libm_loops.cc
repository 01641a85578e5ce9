#include "benchmarks/libm_loops.h"

#include <algorithm>
#include <cmath>

#include "kernels/philox.h"

namespace hollow::benchmarks {
namespace {

class Words {
 public:
  uint32_t next() {
    if (used_ == 4) {
      block_ = kernels::random_block(kKey, 0, number_++);
      used_ = 0;
    }
    return block_.word[used_++];
  }

 private:
  static constexpr uint64_t kKey = 42;
  kernels::Philox4x32 block_ = {};
  uint64_t number_ = 0;
  int used_ = 4;
};

// In [0, 1).
float unit(Words& words) { return static_cast<float>(words.next() >> 8) * 0x1p-24f; }

struct Pair {
  float first, second;
};

Pair box_muller(Words& words) {
  constexpr float kTwoPi = 6.28318531f;
  const float radius = std::sqrt(-2.0f * std::log(1.0f - unit(words)));
  const float angle = kTwoPi * unit(words);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

void libm_constant(float* y, int64_t numel) { std::fill(y, y + numel, 0.5f); }

void libm_uniform(float* y, int64_t numel) {
  Words words;
  for (int64_t i = 0; i < numel; ++i) y[i] = -0.5f + unit(words);
}

void libm_normal(float* y, int64_t numel) {
  Words words;
  for (int64_t i = 0; i < numel; i += 2) {
    const Pair pair = box_muller(words);
    y[i] = 0.02f * pair.first;
    if (i + 1 < numel) y[i + 1] = 0.02f * pair.second;
  }
}

void libm_trunc_normal(float* y, int64_t numel) {
  Words words;
  for (int64_t i = 0; i < numel;) {
    const Pair pair = box_muller(words);
    if (std::abs(pair.first) <= 2 && i < numel) y[i++] = pair.first;
    if (std::abs(pair.second) <= 2 && i < numel) y[i++] = pair.second;
  }
}

void libm_bernoulli(float* y, int64_t numel) {
  Words words;
  for (int64_t i = 0; i < numel; ++i) y[i] = unit(words) < 0.3f ? 1.0f : 0.0f;
}

}  // namespace hollow::benchmarks
