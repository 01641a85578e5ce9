// The CPU room's kernels by their contracts, in brief: raw pointers, extents and strides. What ops
// make of them is tested in tests/tensor/ops.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/cpu/pages.h"
#include "kernels/cpu/parallel.h"
#include "kernels/elementwise.h"
#include "kernels/failure.h"
#include "kernels/layer_scale.h"
#include "kernels/matmul.h"
#include "kernels/memory.h"
#include "kernels/reduce.h"
#include "kernels/scalar.h"
#include "tests/address_space_limit.h"

namespace hollow::kernels {
namespace {

template <int kOperands>
Strided<kOperands> contiguous(int64_t n) {
  Strided<kOperands> index;
  index.numel = n;
  index.contiguous = true;
  return index;
}

TEST(CpuMemoryTest, IsAlignedAndFreed) {
  for (const size_t bytes : {1, 63, 64, 65, 100000, (4 << 20) - 1, 4 << 20, (4 << 20) + 1}) {
    void* const memory = allocate(Cpu{}, bytes).memory;
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    std::memset(memory, 0x5a, bytes);
    deallocate(Cpu{}, memory, bytes);
  }
  EXPECT_EQ(allocate(Cpu{}, 0).memory, nullptr);
  EXPECT_FALSE(allocate(Cpu{}, 0).zero);
  drop_kept_pages();
  for (const size_t bytes : {0, 1, 4 << 20}) deallocate(Cpu{}, nullptr, bytes);
  EXPECT_FALSE(drop_kept_pages()) << "nothing was given, so nothing is kept";
}

TEST(CpuMemoryTest, IsZeroWhereItSaysSo) {
  bool some = false;
  for (const size_t bytes : {100, 100000, 4 << 20, 9 << 20}) {
    for (int round = 0; round < 3; ++round) {
      const Allocation allocation = allocate(Cpu{}, bytes);
      const char* const first = static_cast<const char*>(allocation.memory);
      if (allocation.zero) {
        some = true;
        EXPECT_EQ(std::count(first, first + bytes, 0), static_cast<int64_t>(bytes));
      }
      std::memset(allocation.memory, 0x5a, bytes);
      deallocate(Cpu{}, allocation.memory, bytes);
    }
  }
  EXPECT_TRUE(some);
}

TEST(CpuMemoryTest, WhatIsKeptDoesNotStandInTheWay) {
  if (!hollow::testing::kAddressSpaceCanBeLimited) GTEST_SKIP() << "under a sanitizer";
  constexpr size_t kKept = size_t{256} << 20, kMore = size_t{64} << 20;
  drop_kept_pages();
  deallocate(Cpu{}, allocate(Cpu{}, kKept).memory, kKept);
  const hollow::testing::AddressSpaceLimit limit(kMore);
  void* const memory = allocate(Cpu{}, kKept - kMore).memory;
  EXPECT_NE(memory, nullptr);
  EXPECT_THROW(allocate(Cpu{}, kKept), Failure);
  deallocate(Cpu{}, memory, kKept - kMore);
}

TEST(CpuMemoryTest, TooMuchIsAFailure) {
  for (const size_t bytes : {size_t{1} << 52, size_t{PTRDIFF_MAX} - 4096, size_t{PTRDIFF_MAX},
                             size_t{PTRDIFF_MAX} + 1, ~size_t{0}, ~size_t{0} - 64}) {
    try {
      deallocate(Cpu{}, allocate(Cpu{}, bytes).memory, bytes);
      ADD_FAILURE() << bytes;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), Failure::Kind::kOutOfMemory);
      EXPECT_NE(std::string(failure.what()).find(std::to_string(bytes)), std::string::npos);
    }
  }
}

TEST(CpuMemoryTest, CopyTakesBytes) {
  const char from[] = "abcdef";
  char to[] = "......";
  copy(Cpu{}, to, Cpu{}, from, 4);
  EXPECT_STREQ(to, "abcd..");
  copy(Cpu{}, nullptr, Cpu{}, nullptr, 0);
  synchronize(Cpu{});
  wait_for_stream(Cpu{}, 0);
}

// y is every second element of a column-major table, a is row-major, b repeats one row.
TEST(CpuElementwiseTest, WalksByStrides) {
  Strided<3> index;
  index.numel = 6;
  index.rank = 2;
  const int64_t kStrides[3][2] = {{2, 4}, {3, 1}, {0, 1}};
  for (int d = 0; d < 2; ++d) {
    index.size[d] = d == 0 ? 2 : 3;
    for (int i = 0; i < 3; ++i) index.stride[i][d] = kStrides[i][d];
  }
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<float> b = {10, 20, 30};
  std::vector<float> y(12, -1);
  add(Cpu{}, y.data(), a.data(), b.data(), index);
  EXPECT_EQ(y, (std::vector<float>{11, -1, 14, -1, 22, -1, 25, -1, 33, -1, 36, -1}));
  mul(Cpu{}, y.data(), a.data(), b.data(), index);
  EXPECT_EQ(y, (std::vector<float>{10, -1, 40, -1, 40, -1, 100, -1, 90, -1, 180, -1}));
}

TEST(CpuElementwiseTest, LowPrecisionRoundsOnceAndIntegersWrap) {
  const Half a(2049.0f), b(0.75f);  // 2048 and 0.75
  Half y;
  add(Cpu{}, &y, &a, &b, contiguous<3>(1));
  EXPECT_EQ(y.bits, Half(2048.0f).bits);
  const int64_t most = INT64_MAX, two = 2;
  int64_t z = 0;
  add(Cpu{}, &z, &most, &two, contiguous<3>(1));
  EXPECT_EQ(z, INT64_MIN + 1);
  mul(Cpu{}, &z, &most, &two, contiguous<3>(1));
  EXPECT_EQ(z, -2);
}

TEST(CpuElementwiseTest, AScalarIsNotRoundedToTheType) {
  const Half x(0x1p-10f);
  Half y;
  mul_scalar(Cpu{}, &y, &x, 70000.0f, contiguous<2>(1));
  EXPECT_EQ(static_cast<float>(y), 68.375f);
  add_scalar(Cpu{}, &y, &x, 1.0f + 0x1p-11f, contiguous<2>(1));
  EXPECT_EQ(static_cast<float>(y), 1.0f + 0x1p-9f);
  std::vector<int64_t> z = {1, 2, 3};
  add_scalar(Cpu{}, z.data(), z.data(), INT64_MAX, contiguous<2>(2));
  EXPECT_EQ(z, (std::vector<int64_t>{INT64_MIN, INT64_MIN + 1, 3}));
}

TEST(CpuElementwiseTest, FillAndCastStopWhereTheyShould) {
  std::vector<int64_t> y(5, -1);
  fill(Cpu{}, y.data() + 1, contiguous<1>(3), int64_t{7});
  EXPECT_EQ(y, (std::vector<int64_t>{-1, 7, 7, 7, -1}));
  const float x[] = {1.9f, -1.9f, 3e38f};
  cast(Cpu{}, y.data() + 1, x, contiguous<2>(3));
  EXPECT_EQ(y, (std::vector<int64_t>{-1, 1, -1, INT64_MAX, -1}));
  fill(Cpu{}, y.data(), contiguous<1>(0), int64_t{9});
  EXPECT_EQ(y[0], -1);
}

TEST(CpuLayerScaleTest, InPlaceAndOutOfPlace) {
  std::vector<float> x = {1, 2, 3, 4, 5, 6, 777};
  const float gamma[] = {2, 3, 5};
  std::vector<float> y(7, -1);
  layer_scale(Cpu{}, y.data(), x.data(), gamma, 2, 3);
  EXPECT_EQ(y, (std::vector<float>{2, 6, 15, 8, 15, 30, -1}));
  layer_scale(Cpu{}, x.data(), x.data(), gamma, 2, 3);
  EXPECT_EQ(x, (std::vector<float>{2, 6, 15, 8, 15, 30, 777}));
  layer_scale(Cpu{}, y.data(), x.data(), gamma, 0, 3);
  layer_scale(Cpu{}, y.data(), x.data(), gamma, 2, 0);
  EXPECT_EQ(y[0], 2);
}

TEST(CpuMatmulTest, WeightIsTransposed) {
  const float x[] = {1, 2, 3, 4, 5, 6};          // 2 by 3
  const float w[] = {1, 0, 2, 0, 1, 0, 3, 1, 1,  // 4 by 3
                     5, 5, 5};
  std::vector<float> y(9, -1);
  matmul(Cpu{}, y.data(), x, w, 2, 4, 3);
  EXPECT_EQ(y, (std::vector<float>{7, 2, 8, 30, 16, 5, 23, 75, -1}));
  matmul(Cpu{}, y.data(), x, w, 2, 2, 0);
  EXPECT_EQ(y, (std::vector<float>{0, 0, 0, 0, 16, 5, 23, 75, -1}));
  matmul(Cpu{}, y.data(), x, w, 0, 4, 3);
  matmul(Cpu{}, y.data(), x, w, 2, 0, 3);
  EXPECT_EQ(y[4], 16);
}

TEST(CpuReduceTest, MomentsOfFewAndOfNone) {
  const float x[] = {1, 2, 3, 6};
  float y = -1;
  sum(Cpu{}, &y, x, 4);
  EXPECT_EQ(y, 12);
  mean(Cpu{}, &y, x, 4);
  EXPECT_EQ(y, 3);
  std_dev(Cpu{}, &y, x, 4, 0);
  EXPECT_EQ(y, std::sqrt(3.5f));
  std_dev(Cpu{}, &y, x, 4, 4);
  EXPECT_TRUE(std::isnan(y));
  mean(Cpu{}, &y, x, 0);
  EXPECT_TRUE(std::isnan(y));
  sum(Cpu{}, &y, x, 0);
  EXPECT_EQ(y, 0);
}

template <typename T>
void check_fill(T value, T mark) {
  for (int64_t count = 0; count < 70; ++count) {
    std::vector<T> memory(static_cast<size_t>(count) + 2, mark);
    std::vector<T> wanted(memory.size(), value);
    wanted.front() = wanted.back() = mark;
    fill(Cpu{}, memory.data() + 1, contiguous<1>(count), value);
    EXPECT_EQ(std::memcmp(memory.data(), wanted.data(), memory.size() * sizeof(T)), 0)
        << count << " elements of " << sizeof(T) << " bytes";
  }
}

TEST(CpuFillTest, FillsAllAndNothingBeside) {
  check_fill<float>(1.5f, -777.0f);
  check_fill<Half>(Half(1.5f), Half(-777.0f));
  check_fill<BFloat16>(BFloat16(1.5f), BFloat16(-777.0f));
  check_fill<int64_t>(int64_t{0x0123456789abcdef}, -777);
}

}  // namespace
}  // namespace hollow::kernels
