// LayerScale's CPU kernel against its definition, element by element: by every instruction set that
// this machine has, for sizes that fit no vector, unaligned memory, and both kinds of stores.

#include "kernels/layer_scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/factor_table.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/scale_flat.h"
#include "kernels/cpu/table_order.h"
#include "kernels/dtypes.h"
#include "kernels/philox.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

constexpr size_t kGuard = 64;  // elements before and behind y that nobody may touch
constexpr unsigned char kUntouched = 0xa5;

// Numbers of all magnitudes, subnormal ones, infinities and NaN among them.
template <typename T>
std::vector<T> numbers(int64_t count, uint64_t key) {
  std::vector<T> result(static_cast<size_t>(count));
  for (size_t i = 0; i < result.size(); ++i) {
    const uint32_t word = random_block(key, 0, i / 4).word[i % 4];
    const auto bits = static_cast<uint16_t>(word);
    switch (word >> 29) {
      case 0:
        std::memcpy(&result[i], &word, sizeof(T));  // any bits
        break;
      case 1:
        result[i] = T(std::numeric_limits<float>::infinity());
        break;
      default:
        result[i] = T((static_cast<float>(bits) - 32768) * 0x1p-14f);
    }
    // What comes of a computation: a NaN has no digits in the half that BFloat16 lacks.
    if (const float value = static_cast<float>(result[i]); value != value) {
      result[i] = T(std::numeric_limits<float>::quiet_NaN());
    }
  }
  return result;
}

template <typename T>
std::vector<unsigned char> bytes_of(const std::vector<T>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// NaNs are alike: which of two payloads a product keeps is the processor's business.
template <typename T>
void make_nans_alike(std::vector<T>& values) {
  for (T& value : values) {
    const float f = static_cast<float>(value);
    if (f != f) value = T(std::numeric_limits<float>::quiet_NaN());
  }
}

template <typename T>
struct Operands {
  // y begins `shift` elements beside an address that is a multiple of 64.
  Operands(int64_t rows, int64_t dim, size_t shift)
      : gamma(numbers<T>(dim, 1)),
        x(numbers<T>(rows * dim, 2)),
        residual(numbers<T>(rows * dim, 3)),
        y_at(kGuard + shift) {
    memory.resize(x.size() + 2 * kGuard + shift + 64);
    std::memset(static_cast<void*>(memory.data()), kUntouched, memory.size() * sizeof(T));
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    y_at += (64 - address % 64) % 64 / sizeof(T);
    wanted = memory;
    want_product();
  }

  void want_product(int64_t phase = 0) {
    for (size_t i = 0; i < x.size(); ++i) {
      const float factor =
          static_cast<float>(gamma[(i + static_cast<size_t>(phase)) % gamma.size()]);
      wanted[y_at + i] = T(static_cast<float>(x[i]) * factor);
    }
  }

  void want_sum(float alpha, int64_t phase = 0) {
    for (size_t i = 0; i < x.size(); ++i) {
      const float factor =
          alpha * static_cast<float>(gamma[(i + static_cast<size_t>(phase)) % gamma.size()]);
      wanted[y_at + i] =
          T(std::fma(static_cast<float>(x[i]), factor, static_cast<float>(residual[i])));
    }
  }

  T* y() { return memory.data() + y_at; }
  std::ptrdiff_t y_index() const { return static_cast<std::ptrdiff_t>(y_at); }

  void expect_right(const char* what) {
    make_nans_alike(memory);
    make_nans_alike(wanted);
    EXPECT_TRUE(bytes_of(memory) == bytes_of(wanted))
        << what << ": " << x.size() << " elements of " << sizeof(T) << " bytes, dim "
        << gamma.size() << ", " << to_string(isa());
  }

  std::vector<T> gamma, x, residual, memory, wanted;
  size_t y_at;
};

constexpr int64_t kDims[] = {1, 2, 7, 31, 32, 33, 64, 384, 385, 1536, 4099};
constexpr int64_t kRows[] = {0, 1, 2, 33};

class LayerScaleKernelTest : public ::testing::Test {
 protected:
  void TearDown() override {
    set_isa(isa_before_);
    set_num_threads(threads_before_);
  }

  template <typename T>
  void check() {
    for (const Isa each : available_isas()) {
      set_isa(each);
      for (const int64_t dim : kDims) {
        for (const int64_t rows : kRows) {
          for (const size_t shift : {0, 1, 5}) {
            Operands<T> out(rows, dim, shift);
            layer_scale(Cpu{}, out.y(), out.x.data(), out.gamma.data(), rows, dim);
            out.expect_right("out of place");
            Operands<T> in(rows, dim, shift);
            if (!in.x.empty())
              std::memcpy(static_cast<void*>(in.y()), in.x.data(), in.x.size() * sizeof(T));
            layer_scale(Cpu{}, in.y(), in.y(), in.gamma.data(), rows, dim);
            in.expect_right("in place");
            for (const float alpha : {1.0f, 0.3f}) {
              Operands<T> sum(rows, dim, shift);
              sum.want_sum(alpha);
              layer_scale_add(Cpu{}, sum.y(), sum.residual.data(), sum.x.data(), sum.gamma.data(),
                              alpha, rows, dim);
              sum.expect_right("a sum");
              if (!sum.x.empty()) {
                std::memcpy(static_cast<void*>(sum.y()), sum.residual.data(),
                            sum.x.size() * sizeof(T));
              }
              layer_scale_add(Cpu{}, sum.y(), sum.y(), sum.x.data(), sum.gamma.data(), alpha, rows,
                              dim);
              sum.expect_right("into the residual");
            }
          }
        }
      }
    }
  }

  const Isa isa_before_ = isa();
  const int threads_before_ = num_threads();

  // Which a tensor must be larger than the caches to get otherwise; from any phase.
  template <typename T>
  void check_streaming() {
    for (const int64_t dim : {33, 96, 1000}) {
      for (const int64_t phase : {0, 1, 32}) {
        for (const size_t shift : {0, 1, 7}) {
          Operands<T> t(9, dim, shift);
          const FactorTable<T, 1024> table(isa(), t.gamma.data(), 1, dim);
          const auto go = [&](const T* residual) {
            visit_isa(isa(), [&]<Isa kIsa>() {
              scale_flat<kIsa>(t.y(), residual, t.x.data(), table.factors, table.period, phase,
                               static_cast<int64_t>(t.x.size()), Stores::kStreaming);
            });
          };
          t.want_sum(1, phase);
          go(t.residual.data());
          t.expect_right("streaming a sum");
          t.want_product(phase);
          go(nullptr);
          t.expect_right("streaming");
        }
      }
    }
  }
};

TEST_F(LayerScaleKernelTest, Float) { check<float>(); }
TEST_F(LayerScaleKernelTest, Half) { check<Half>(); }
TEST_F(LayerScaleKernelTest, BFloat16) { check<BFloat16>(); }

TEST_F(LayerScaleKernelTest, Streaming) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    check_streaming<float>();
    check_streaming<Half>();
    check_streaming<BFloat16>();
  }
}

// Memory that ends where the values end, beginning `shift` elements beside a multiple of 64 bytes.
template <typename T>
class Exactly {
 public:
  Exactly(const std::vector<T>& values, size_t shift) {
    void* block = nullptr;
    if (posix_memalign(&block, 64, (shift + values.size()) * sizeof(T)) != 0) std::abort();
    block_.reset(block);
    data_ = static_cast<T*>(block) + shift;
    std::memcpy(static_cast<void*>(data_), values.data(), values.size() * sizeof(T));
  }
  const T* data() const { return data_; }

 private:
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  std::unique_ptr<void, Free> block_;
  T* data_;
};

// Too large for the caches, so that its stores go around them. On lines gamma is its own table,
// which has no room behind its end, as AddressSanitizer knows.
TEST_F(LayerScaleKernelTest, ALargeTensorOnItsLinesAndBeside) {
  constexpr int64_t kDim = 1024;
  constexpr int64_t kLargeRows = 7500;
  for (const size_t shift : {0, 1}) {
    for (const size_t gamma_shift : {0, 1}) {
      Operands<float> t(kLargeRows, kDim, shift);
      const Exactly gamma(t.gamma, gamma_shift);
      layer_scale(Cpu{}, t.y(), t.x.data(), gamma.data(), kLargeRows, kDim);
      t.expect_right("large");
    }
  }
}

// The lines of a table are those of the output, so that no vector of it is in two.
template <typename T>
void check_lines(int64_t dim, size_t step) {
  constexpr size_t kLine = 64 / sizeof(T);
  const std::vector<T> gamma = numbers<T>(dim, 1);
  alignas(64) T output[2 * kLine];
  for (size_t shift = 0; shift < kLine; shift += step) {
    const FactorTable<T, 1024> table(isa(), gamma.data(), 1, dim, output + shift);
    const auto at_a_line = static_cast<int64_t>((kLine - shift) % kLine);
    for (int64_t kind = 0; kind < kKinds<T>; ++kind) {
      const float* const number = table.factors + place<T>(at_a_line + kind, table.period);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(number) % 64, 0) << dim << ", " << shift;
    }
  }
}

TEST_F(LayerScaleKernelTest, ATableLiesToItsLinesAsTheOutputDoes) {
  for (const int64_t dim : {16, 33, 384}) {
    check_lines<float>(dim, 1);
    check_lines<Half>(dim, 1);
  }
  check_lines<BFloat16>(384, 2);
}

// More channels than a table of factors has room for.
TEST_F(LayerScaleKernelTest, VeryWideRows) {
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const int64_t rows : {1, 3, 40}) {
      Operands<BFloat16> t(rows, 40003, 1);
      layer_scale(Cpu{}, t.y(), t.x.data(), t.gamma.data(), rows, 40003);
      t.expect_right("wide");
      Operands<BFloat16> odd(rows, 16383, 1);  // the most that have a table of two periods
      layer_scale(Cpu{}, odd.y(), odd.x.data(), odd.gamma.data(), rows, 16383);
      odd.expect_right("wide and odd");
      Operands<float> sum(rows, 40003, 0);
      sum.want_sum(0.3f);
      layer_scale_add(Cpu{}, sum.y(), sum.residual.data(), sum.x.data(), sum.gamma.data(), 0.3f,
                      rows, 40003);
      sum.expect_right("a wide sum");
    }
  }
}

// Eight tables, and four of a tensor so large that its stores go around the caches.
TEST_F(LayerScaleKernelTest, ThreadsShareVeryWideRows) {
  set_num_threads(3);
  Operands<Half> wide(3, 70001, 1);
  layer_scale(Cpu{}, wide.y(), wide.x.data(), wide.gamma.data(), 3, 70001);
  wide.expect_right("eight tables");
  Operands<float> large(120, 50016, 0);
  large.want_sum(0.3f);
  layer_scale_add(Cpu{}, large.y(), large.residual.data(), large.x.data(), large.gamma.data(), 0.3f,
                  120, 50016);
  large.expect_right("large");
}

// Samples at an index, and no others.
TEST_F(LayerScaleKernelTest, IndexAdd) {
  const std::vector<int64_t> at = {4, 0, 3};
  constexpr int64_t kSamples = 5;
  for (const Isa each : available_isas()) {
    set_isa(each);
    for (const int64_t dim : {1, 33, 384, 20001}) {
      for (const int64_t rows : {0, 1, 21}) {
        for (const bool compact : {true, false}) {  // x has the samples at the index, or all
          const int64_t size = rows * dim;
          const SamplePairs pairs = {3, at.data(), compact ? nullptr : at.data()};
          Operands<BFloat16> t(kSamples * rows, dim, 1);
          std::copy(t.residual.begin(), t.residual.end(), t.y());
          std::copy(t.residual.begin(), t.residual.end(), t.wanted.begin() + t.y_index());
          for (int64_t i = 0; i < pairs.count * size; ++i) {
            const auto to = static_cast<size_t>(pairs.of_y(i / size) * size + i % size);
            const auto from = static_cast<size_t>(pairs.of_x(i / size) * size + i % size);
            const float factor =
                0.3f * static_cast<float>(t.gamma[static_cast<size_t>(i % size % dim)]);
            t.wanted[t.y_at + to] = BFloat16(std::fma(static_cast<float>(t.x[from]), factor,
                                                      static_cast<float>(t.residual[to])));
          }
          layer_scale_index_add(Cpu{}, t.y(), t.x.data(), t.gamma.data(), 0.3f, pairs, rows, dim);
          t.expect_right("an index");
        }
      }
    }
  }
}

TEST_F(LayerScaleKernelTest, IndexAddByThreads) {
  set_num_threads(3);
  const std::vector<int64_t> at = {1, 2, 6, 3};
  Operands<float> t(7 * 300, 385, 0);
  const int64_t size = 300 * 385;
  std::copy(t.residual.begin(), t.residual.end(), t.y());
  t.want_sum(1);
  for (const int64_t dropped : {0, 4, 5}) {
    std::copy_n(t.residual.begin() + dropped * size, size,
                t.wanted.begin() + t.y_index() + dropped * size);
  }
  layer_scale_index_add(Cpu{}, t.y(), t.x.data(), t.gamma.data(), 1, {4, at.data(), at.data()}, 300,
                        385);
  t.expect_right("an index, three threads");
}

TEST_F(LayerScaleKernelTest, ThreadsGiveTheSame) {
  set_num_threads(3);
  Operands<float> t(2000, 385, 0);
  layer_scale(Cpu{}, t.y(), t.x.data(), t.gamma.data(), 2000, 385);
  t.expect_right("three threads");
}

}  // namespace
}  // namespace hollow::kernels
