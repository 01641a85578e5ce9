// LayerScale's gradients on the CPU against their definition, element by element, and grad_gamma's
// bits against every other way to get them: instruction sets, threads, addresses.

#include "kernels/layer_scale_backward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/factor_table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scale_backward.h"
#include "kernels/dtypes.h"
#include "kernels/philox.h"
#include "kernels/scalar.h"
#include "kernels/strided.h"

namespace hollow::kernels {
namespace {

constexpr size_t kGuard = 64;  // elements before and behind a result that nobody may touch
constexpr float kSentinel = -77;

enum class Values {
  kIntegers,
  kReal,
  kTiny,  // products of x and grad_y round to -0
};

template <typename T>
std::vector<T> numbers(int64_t count, uint64_t key, Values values) {
  std::vector<T> result(static_cast<size_t>(count));
  for (size_t i = 0; i < result.size(); ++i) {
    if (values == Values::kTiny) {
      result[i] = T(key == 3 ? -1e-30f : 1e-30f);
      continue;
    }
    const uint32_t word = random_block(key, 0, i / 4).word[i % 4];
    result[i] = values == Values::kIntegers ? T(static_cast<float>(word % 7) - 3)
                                            : T((static_cast<float>(word >> 8)) * 0x1p-23f - 1);
  }
  return result;
}

// A result in the midst of sentinels, `shift` elements beside a line.
template <typename T>
class Result {
 public:
  Result(int64_t count, size_t shift)
      : count_(static_cast<size_t>(count)),
        memory_(count_ + 2 * kGuard + shift + 64, T(kSentinel)) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    first_ = kGuard + shift + (64 - address % 64) % 64 / sizeof(T);
  }

  T* data() { return memory_.data() + first_; }

  std::vector<float> values() const {
    std::vector<float> result;
    for (size_t i = 0; i < count_; ++i) result.push_back(static_cast<float>(memory_[first_ + i]));
    return result;
  }

  // Tells -0 from 0.
  std::vector<uint32_t> bits() const {
    std::vector<uint32_t> result;
    for (const float value : values()) result.push_back(std::bit_cast<uint32_t>(value));
    return result;
  }

  void expect_nothing_beside() const {
    for (size_t i = 0; i < memory_.size(); ++i) {
      if (i >= first_ && i < first_ + count_) continue;
      ASSERT_EQ(static_cast<float>(memory_[i]), kSentinel) << static_cast<int64_t>(i - first_);
    }
  }

 private:
  size_t count_, first_;
  std::vector<T> memory_;
};

// Samples of x, and of y, and which go together.
struct Form {
  int64_t of_x = 1, of_y = 1;
  std::vector<int64_t> x, y;  // both empty: sample i with itself

  SamplePairs pairs() const {
    if (x.empty() && y.empty()) return {.count = of_x};
    return {static_cast<int64_t>(y.size()), y.data(), x.empty() ? nullptr : x.data()};
  }
};

template <typename T>
struct Case {
  Case(int64_t rows_, int64_t dim_, const Form& form_ = {}, Values values = Values::kReal)
      : rows(rows_),
        dim(dim_),
        form(form_),
        gamma(numbers<T>(dim, 1, values)),
        x(numbers<T>(form.of_x * rows * dim, 2, values)),
        grad_y(numbers<T>(form.of_y * rows * dim, 3, values)) {}

  struct Grads {
    Result<T> x, gamma;
  };

  Grads run(float alpha, size_t shift = 0) const {
    Grads grads = {{form.of_x * rows * dim, shift}, {dim, shift}};
    layer_scale_backward(Cpu{}, grads.x.data(), grads.gamma.data(), grad_y.data(), x.data(),
                         gamma.data(), alpha, form.pairs(), rows, dim);
    grads.x.expect_nothing_beside();
    grads.gamma.expect_nothing_beside();
    return grads;
  }

  // The definition, in f64 where it sums.
  void expect_right(float alpha, const Grads& grads, double digit) const {
    const SamplePairs pairs = form.pairs();
    std::vector<float> expected(x.size(), kSentinel);  // an unpaired sample is left as it was
    std::vector<double> sums(static_cast<size_t>(dim)), magnitudes(sums);
    for (int64_t pair = 0; pair < pairs.count; ++pair) {
      for (int64_t i = 0; i < rows * dim; ++i) {
        const auto c = static_cast<size_t>(i % dim);
        const auto at_x = static_cast<size_t>(pairs.of_x(pair) * rows * dim + i);
        const auto at_y = static_cast<size_t>(pairs.of_y(pair) * rows * dim + i);
        const auto dy = static_cast<float>(grad_y[at_y]);
        expected[at_x] = static_cast<float>(T(dy * (alpha * static_cast<float>(gamma[c]))));
        const double term = static_cast<double>(dy) * static_cast<float>(x[at_x]);
        sums[c] += term;
        magnitudes[c] += std::abs(term);
      }
    }
    ASSERT_TRUE(grads.x.values() == expected) << where();
    const std::vector<float> actual = grads.gamma.values();
    for (size_t c = 0; c < sums.size(); ++c) {
      const double exact = alpha * sums[c];
      // In one column errors of f32 add up at random, or vanish where all is exact.
      double error = digit == 0 ? 0 : std::abs(alpha) * magnitudes[c] * 0x1p-21;
      if (std::is_same_v<T, Half>) error += 0x1p-25;  // subnormals
      ASSERT_NEAR(actual[c], exact, std::abs(exact) * digit + error) << where() << " column " << c;
    }
  }

  std::string where() const {
    return std::to_string(form.of_x) + " x " + std::to_string(rows) + " x " + std::to_string(dim) +
           " of " + std::to_string(sizeof(T)) + " bytes, " + std::string(to_string(isa()));
  }

  int64_t rows, dim;
  Form form;
  std::vector<T> gamma, x, grad_y;
};

constexpr int64_t kDims[] = {1, 2, 7, 31, 32, 33, 64, 384, 385, 1536, 4099};
constexpr int64_t kRows[] = {0, 1, 2, 33, 257};

class LayerScaleBackwardKernelTest : public ::testing::Test {
 protected:
  void TearDown() override {
    set_isa(isa_before_);
    set_num_threads(threads_before_);
  }

  template <typename T>
  void check(double digit) {
    for (const Isa each : available_isas()) {
      set_isa(each);
      for (const int64_t dim : kDims) {
        for (const int64_t rows : kRows) {
          const Case<T> integers(rows, dim, {}, Values::kIntegers);
          integers.expect_right(1, integers.run(1), sizeof(T) == 2 ? digit : 0);
          const Case<T> real(rows, dim);
          for (const size_t shift : {0, 1, 5}) {
            real.expect_right(-0.3f, real.run(-0.3f, shift), digit);
          }
        }
      }
    }
  }

  const Isa isa_before_ = isa();
  const int threads_before_ = num_threads();
};

TEST_F(LayerScaleBackwardKernelTest, Float) { check<float>(0x1p-24); }
TEST_F(LayerScaleBackwardKernelTest, Half) { check<Half>(0x1p-11); }
TEST_F(LayerScaleBackwardKernelTest, BFloat16) { check<BFloat16>(0x1p-8); }

// The sums are cut into groups: all elements count once, and no group's bits depend on who did it.
TEST_F(LayerScaleBackwardKernelTest, BitsFollowFromTheShapeAlone) {
  for (const auto& [rows, dim] : {std::pair<int64_t, int64_t>{1600, 385},
                                  {3000, 96},
                                  {90001, 7},
                                  {400, 1030},
                                  {20, 4100},
                                  {60, 9001},
                                  {100, 8224},
                                  {33, 2048},
                                  {24, 1400},
                                  {300000, 1},
                                  {2, 33}}) {
    const Case<float> integers(rows, dim, {}, Values::kIntegers);
    const Case<float> real(rows, dim);
    const Case<BFloat16> low(rows, dim);
    const Case<float> tiny(rows, dim, {}, Values::kTiny);
    set_isa(Isa::kPortable);
    set_num_threads(1);
    const std::vector<uint32_t> expected = real.run(0.7f).gamma.bits();
    const std::vector<uint32_t> expected_low = low.run(0.7f).gamma.bits();
    const std::vector<uint32_t> expected_tiny = tiny.run(1).gamma.bits();
    for (const Isa each : available_isas()) {
      set_isa(each);
      for (const int threads : {1, 3}) {
        set_num_threads(threads);
        integers.expect_right(1, integers.run(1), 0);
        for (const size_t shift : {0, 3}) {
          EXPECT_EQ(real.run(0.7f, shift).gamma.bits(), expected) << real.where();
          EXPECT_EQ(low.run(0.7f, shift).gamma.bits(), expected_low) << low.where();
          EXPECT_EQ(tiny.run(1, shift).gamma.bits(), expected_tiny) << tiny.where();
        }
      }
    }
  }
}

TEST_F(LayerScaleBackwardKernelTest, MoreChannelsThanATable) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const int64_t rows : {1, 3, 40}) {
      const Case<float> integers(rows, 20003, {}, Values::kIntegers);
      integers.expect_right(1, integers.run(1, 1), 0);
      const Case<BFloat16> odd(rows, 8191);  // the most that have tables of two periods
      odd.expect_right(1, odd.run(1, 1), 0x1p-8);
    }
  }
}

TEST_F(LayerScaleBackwardKernelTest, PairsOfSamples) {
  const Form kForms[] = {
      {.of_x = 3, .of_y = 5, .y = {4, 0, 2}},                  // x[i] beside y[index[i]]
      {.of_x = 5, .of_y = 5, .x = {1, 3, 4}, .y = {1, 3, 4}},  // both at an index
      {.of_x = 4, .of_y = 4},                                  // all
      {.of_x = 2, .of_y = 2, .x = {}, .y = {1, 0}},
  };
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const Form& form : kForms) {
      for (const int64_t dim : {1, 33, 384, 4096, 9001}) {
        for (const int64_t rows : {0, 1, 9, 50}) {
          const Case<float> integers(rows, dim, form, Values::kIntegers);
          integers.expect_right(2, integers.run(2), 0);
          const Case<BFloat16> low(rows, dim, form);
          low.expect_right(0.3f, low.run(0.3f, 1), 0x1p-8);
        }
      }
    }
  }
}

TEST_F(LayerScaleBackwardKernelTest, NoPairsAreNoGradient) {
  Result<float> grad_gamma(3, 0);
  const float values[3] = {};
  layer_scale_backward<float>(Cpu{}, nullptr, grad_gamma.data(), nullptr, nullptr, values, 1,
                              {.count = 0}, 5, 3);
  EXPECT_EQ(grad_gamma.values(), (std::vector<float>{0, 0, 0}));
}

TEST_F(LayerScaleBackwardKernelTest, GradXMayBeGradYOrX) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const int64_t dim : {33, 384}) {
      const Case<float> t(200, dim);
      auto expected = t.run(0.5f);
      for (const bool is_x : {false, true}) {
        std::vector<float> x = t.x, grad_y = t.grad_y, grad_gamma(static_cast<size_t>(dim));
        std::vector<float>& grad_x = is_x ? x : grad_y;
        layer_scale_backward(Cpu{}, grad_x.data(), grad_gamma.data(), grad_y.data(), x.data(),
                             t.gamma.data(), 0.5f, {}, t.rows, dim);
        EXPECT_TRUE(grad_x == expected.x.values());
        EXPECT_TRUE(grad_gamma == expected.gamma.values());
      }
    }
  }
}

// One of the three tensors: `samples` of whole rows, at strides of their own in one memory, with
// sentinels between them.
template <typename T>
struct Gapped {
  Gapped(const std::vector<T>& values, int64_t samples_, int64_t gap, size_t shift)
      : samples(samples_),
        size(static_cast<int64_t>(values.size()) / samples),
        stride(size + gap),
        memory(samples * stride, shift) {
    for (int64_t i = 0; i < samples; ++i) {
      std::copy_n(values.data() + i * size, size, memory.data() + i * stride);
      std::fill_n(memory.data() + i * stride + size, gap, T(kSentinel));
    }
  }

  // Expects what it was made of to be those now, and nothing else to have changed.
  void expect(const std::vector<uint32_t>& bits) const {
    const std::vector<uint32_t> all = memory.bits();
    const uint32_t sentinel = std::bit_cast<uint32_t>(kSentinel);
    int64_t wrong = 0;
    for (int64_t i = 0; i < samples * stride; ++i) {
      const bool is_gap = i % stride >= size;
      const auto at = static_cast<size_t>(i / stride * size + i % stride);
      wrong += all[static_cast<size_t>(i)] != (is_gap ? sentinel : bits[at]);
    }
    EXPECT_EQ(wrong, 0);
    memory.expect_nothing_beside();
  }

  int64_t samples, size, stride;
  Result<T> memory;
};

template <typename T>
void check_runs() {
  struct Layout {
    int64_t samples, rows, dim;  // `rows` of a sample, which is a run
    int64_t gaps[3];
    size_t shift;
  };
  constexpr Layout kLayouts[] = {{257, 1, 384, {384, 384, 384}, 0}, {64, 9, 64, {64, 0, 128}, 0},
                                 {40, 7, 33, {1, 2, 3}, 1},         {300, 1, 33, {5, 7, 0}, 0},
                                 {900, 2, 5, {1, 1, 6}, 3},         {3, 1, 9001, {9, 0, 7}, 0},
                                 {3, 2, 20003, {0, 0, 5}, 0},       {500, 3, 1, {2, 0, 1}, 0},
                                 {2, 700, 96, {32, 32, 32}, 0},     {1, 50, 100, {0, 0, 0}, 0},
                                 {5, 1, 31, {1, 33, 2}, 0},         {2, 1, 8192, {64, 16, 0}, 0},
                                 {8, 4, 4096, {64, 0, 128}, 0},     {33, 1, 2051, {2, 3, 0}, 1},
                                 {2, 12, 1400, {8, 8, 8}, 0},       {12, 5, 9001, {3, 0, 1}, 0}};
  for (const Layout& layout : kLayouts) {
    const Case<T> t(layout.samples * layout.rows, layout.dim);
    const auto expected = t.run(0.7f);
    for (const int in_place : {0, 1, 2}) {  // into a third tensor, grad_y or x
      std::vector<T> sentinels(t.x.size(), T(kSentinel));
      Gapped<T> grad_x(sentinels, layout.samples, layout.gaps[0], layout.shift);
      Gapped<T> grad_y(t.grad_y, layout.samples, layout.gaps[1], 0);
      Gapped<T> x(t.x, layout.samples, layout.gaps[2], layout.shift);
      Gapped<T>& to = in_place == 0 ? grad_x : in_place == 1 ? grad_y : x;
      const Strided<3> runs = {.numel = t.rows * t.dim,
                               .rank = 2,
                               .size = {layout.samples, layout.rows * layout.dim},
                               .stride = {{to.stride, 1}, {grad_y.stride, 1}, {x.stride, 1}}};
      Result<T> grad_gamma(t.dim, 0);
      layer_scale_backward(Cpu{}, to.memory.data(), grad_gamma.data(), grad_y.memory.data(),
                           x.memory.data(), t.gamma.data(), 0.7f, runs, t.dim);
      to.expect(expected.x.bits());
      grad_gamma.expect_nothing_beside();
      EXPECT_TRUE(grad_gamma.bits() == expected.gamma.bits()) << t.where();
    }
  }
}

TEST_F(LayerScaleBackwardKernelTest, RunsHaveTheBitsOfContiguousRows) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      check_runs<float>();
      check_runs<Half>();
      check_runs<BFloat16>();
    }
  }
}

// Of which the stores go around the caches where all of them are at lines, and a walker is alone.
TEST_F(LayerScaleBackwardKernelTest, RunsOfALargeTensor) {
  constexpr struct {
    int64_t samples, dim, gap;
  } kCases[] = {
      {5000, 1024, 16}, {5000, 1024, 33}, {5000, 1008, 16}, {5000, 1004, 20}, {20, 250016, 16}};
  for (const auto& [samples, dim, gap] : kCases) {
    const Case<float> t(samples, dim);
    const auto expected = t.run(1);
    Gapped<float> grad_x(std::vector<float>(t.x.size()), samples, gap, 0);
    Gapped<float> grad_y(t.grad_y, samples, 64, 0);
    const Strided<3> runs = {.numel = samples * dim,
                             .rank = 2,
                             .size = {samples, dim},
                             .stride = {{grad_x.stride, 1}, {grad_y.stride, 1}, {dim, 1}}};
    Result<float> grad_gamma(dim, 0);
    layer_scale_backward(Cpu{}, grad_x.memory.data(), grad_gamma.data(), grad_y.memory.data(),
                         t.x.data(), t.gamma.data(), 1, runs, dim);
    grad_x.expect(expected.x.bits());
    EXPECT_TRUE(grad_gamma.bits() == expected.gamma.bits()) << t.where() << ", gap " << gap;
  }
}

// Stores around the caches, which a tensor must be larger than those to get otherwise.
template <typename T>
void check_streaming() {
  for (const int64_t dim : {33, 64, 1000}) {
    const std::vector<T> gamma = numbers<T>(dim, 1, Values::kReal);
    const FactorTable<T, 1024> table(isa(), gamma.data(), 1, dim);
    for (const int64_t count : {1, 31, 32, 500, 40 * 1000, 4 * 33 * 32 + 5}) {
      const std::vector<T> dy = numbers<T>(count, 3, Values::kReal);
      const std::vector<T> x = numbers<T>(count, 2, Values::kReal);
      const bool in_caches = count % 2 == 0;
      const auto go = [&](Stores stores) {
        Result<T> grad_x(count, 0);
        std::vector<float> sums(table.kSize);
        visit_isa(isa(), [&]<Isa kIsa>() {
          scale_backward<kIsa>(grad_x.data(), dy.data(), x.data(), table.factors, sums.data(),
                               table.period, count, in_caches, stores);
        });
        grad_x.expect_nothing_beside();
        return std::pair(grad_x.bits(), sums);
      };
      EXPECT_TRUE(go(Stores::kStreaming) == go(Stores::kCached)) << dim << " " << count;
    }
  }
}

TEST_F(LayerScaleBackwardKernelTest, Streaming) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    check_streaming<float>();
    check_streaming<Half>();
    check_streaming<BFloat16>();
  }
}

TEST_F(LayerScaleBackwardKernelTest, ALargeTensorOnItsLinesAndBeside) {
  const auto check = []<typename T>(const Case<T>& t, double digit) {
    const auto expected = t.run(1);
    t.expect_right(1, expected, digit);
    const auto beside = t.run(1, 1);
    EXPECT_TRUE(beside.x.bits() == expected.x.bits());
    EXPECT_TRUE(beside.gamma.bits() == expected.gamma.bits());
  };
  check(Case<float>(5000, 1024), 0x1p-24);
  check(Case<float>(20, 250000), 0x1p-24);  // tiles, of which the last ends in half a step
  check(Case<BFloat16>(40, 250016), 0x1p-8);
}

}  // namespace
}  // namespace hollow::kernels
