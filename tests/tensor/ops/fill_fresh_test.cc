// Zeros of fresh memory are there already: fill_ only says that they are written. What must never
// happen is that memory with something in it passes for fresh. So it is dirtied here in each way
// that there is, and then filled with zeros.

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kernels/cpu/pages.h"
#include "kernels/failure.h"
#include "tensor/factory.h"
#include "tensor/memory.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/random.h"
#include "tensor/placement.h"
#include "tensor/run.h"
#include "tensor/timeline.h"
#include "tensor/write_scope.h"
#include "tests/resident_memory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::expect_error;
using testing::resident_bytes;

constexpr int64_t kRows = 1024, kColumns = 2048;  // 4 MiB of f16
constexpr int64_t kNumel = kRows * kColumns;

const TensorOptions kMeta = {.device = Device::meta()};

// Memory that nobody has had.
Tensor fresh(const TensorOptions& options = {}) {
  kernels::drop_kept_pages();
  return empty({kRows, kColumns}, options);
}

// Memory that held sevens a moment ago.
Tensor recycled(const TensorOptions& options = {}) {
  const void* const before = full({kRows, kColumns}, 7, options).storage()->data();
  Tensor tensor = empty({kRows, kColumns}, options);
  EXPECT_EQ(tensor.storage()->data(), before) << "nothing was recycled, so nothing is tested";
  return tensor;
}

// Looks at the bytes as they are, written or not.
bool bytes_are_zero(const Tensor& tensor) {
  const char* const first = static_cast<const char*>(tensor.storage()->data());
  return std::all_of(first, first + tensor.nbytes(), [](char byte) { return byte == 0; });
}

void expect_zeros(const Tensor& tensor) {
  EXPECT_EQ(tensor.state(), State::kInitialized);
  EXPECT_FALSE(tensor.storage()->zero()) << "it may be written without a notice now";
  const std::vector<float> values = tensor.to_vector<float>();
  EXPECT_EQ(std::count(values.begin(), values.end(), 0.0f), tensor.numel());
  EXPECT_TRUE(bytes_are_zero(tensor));
}

TEST(FreshMemoryTest, ZerosTakeNoPages) {
  constexpr int64_t kGiB = int64_t{1} << 30;
  const int64_t before = resident_bytes();
  const Tensor tensor = zeros({kGiB / 4});
  EXPECT_LT(resident_bytes(), before + kGiB / 16);
  EXPECT_EQ(tensor.state(), State::kInitialized);
  for (int64_t i = 0; i < tensor.numel(); i += 4 << 20) {
    EXPECT_EQ(tensor.select(0, i).item<float>(), 0.0f);
  }
  EXPECT_EQ(tensor.select(0, -1).item<float>(), 0.0f);
  fill_(tensor.narrow(0, 1000, 3), 7);
  EXPECT_EQ(tensor.narrow(0, 999, 5).to_vector<int64_t>(), (std::vector<int64_t>{0, 7, 7, 7, 0}));
}

TEST(FreshMemoryTest, ZerosOfEveryDType) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI64}) {
    for (const Scalar zero : {Scalar(0), Scalar(0.0), Scalar(false)}) {
      const Tensor tensor = fresh({.dtype = dtype});
      ASSERT_TRUE(tensor.storage()->zero());
      ASSERT_EQ(tensor.state(), State::kAllocated);
      fill_(tensor, zero);
      expect_zeros(tensor);
      fill_(tensor, 3);
      EXPECT_EQ(tensor.select(0, 5).to_vector<int64_t>(), std::vector<int64_t>(kColumns, 3));
      fill_(tensor, zero);
      expect_zeros(tensor);
    }
  }
}

TEST(FreshMemoryTest, RecycledMemoryIsNotFresh) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI64}) {
    const Tensor tensor = recycled({.dtype = dtype});
    EXPECT_FALSE(tensor.storage()->zero());
    fill_(tensor, 0);
    expect_zeros(tensor);
  }
  for (int i = 0; i < 20; ++i) {
    full({kNumel}, i + 1);
    expect_zeros(zeros({kNumel}));
  }
}

TEST(FreshMemoryTest, WhatIsNotZeroIsWritten) {
  const Tensor negative = fresh();
  fill_(negative, -0.0);
  const std::vector<float> values = negative.to_vector<float>();
  EXPECT_EQ(std::count_if(values.begin(), values.end(), [](float x) { return std::signbit(x); }),
            kNumel);
  const Tensor truth = fresh({.dtype = DType::kI64});
  fill_(truth, true);
  EXPECT_EQ(truth.select(1, 9).to_vector<int64_t>(), std::vector<int64_t>(kRows, 1));
}

TEST(FreshMemoryTest, AViewOfZerosIsWrittenAndTheRestIsNot) {
  const Tensor tensor = fresh();
  fill_(tensor.select(1, 3), 0);
  EXPECT_EQ(tensor.state(), State::kPartial);
  EXPECT_EQ(tensor.storage()->unwritten(tensor.layout()).count(), kNumel - kRows);
  EXPECT_EQ(tensor.select(1, 3).to_vector<int64_t>(), std::vector<int64_t>(kRows, 0));
  expect_error(ErrorCode::kUninitialized, {}, [&] { tensor.select(1, 4).to_vector<int64_t>(); });
  fill_(tensor.select(1, 4), 7);
  fill_(tensor, 0);
  expect_zeros(tensor);
}

TEST(FreshMemoryTest, AnExpandedTensorIsRefusedAsEver) {
  const Tensor tensor = fresh();
  expect_error(ErrorCode::kAlias, {"fill_:", "repeats"}, [&] {
    fill_(tensor.expand({2, kRows, kColumns}), 0);
  });
  EXPECT_EQ(tensor.state(), State::kAllocated);
}

// --- each way to write ---

// Writes half of it and fails.
constexpr auto kHalf = []<typename T>(auto, T* y, int64_t numel) {
  std::fill(y, y + numel / 2, kernels::convert<T>(int64_t{7}));
  throw kernels::Failure(kernels::Failure::Kind::kUnsupported, "half");
};

void write_half_and_throw(const Tensor& tensor) {
  tensor.write<float>([](absl::Span<float> values) {
    std::fill(values.begin(), values.begin() + values.size() / 2, 7.0f);
    throw std::runtime_error("half");
  });
}

struct Way {
  std::string name;
  std::function<void(const Tensor&)> write;
};

const Way kWays[] = {
    {"fill_", [](const Tensor& t) { fill_(t, 7); }},
    {"fill_ of a row", [](const Tensor& t) { fill_(t.select(0, 5), 7); }},
    {"fill_ of a column", [](const Tensor& t) { fill_(t.select(1, 5), 7); }},
    {"zeros, then fill_ of a row",
     [](const Tensor& t) {
       fill_(t, 0);
       fill_(t.select(0, 5), 7);
     }},
    {"zeros of a row, then fill_ of another",
     [](const Tensor& t) {
       fill_(t.select(0, 6), 0);
       fill_(t.select(0, 5), 7);
     }},
    {"copy_",
     [](const Tensor& t) {
       t.copy_(full({kRows, kColumns}, 7));
     }},
    {"copy_ of another dtype",
     [](const Tensor& t) {
       t.copy_(full({kRows, kColumns}, 7, {.dtype = DType::kI64}));
     }},
    {"copy_ to a column", [](const Tensor& t) { t.select(1, 5).copy_(full({kRows}, 7)); }},
    {"write",
     [](const Tensor& t) {
       t.write<float>(
           [](absl::Span<float> values) { std::fill(values.begin(), values.end(), 7.0f); });
     }},
    {"write of a row, by way of the host",
     [](const Tensor& t) {
       t.select(0, 5).write<int64_t>(
           [](absl::Span<int64_t> values) { std::fill(values.begin(), values.end(), 7); });
     }},
    {"write that throws half-way", write_half_and_throw},
    {"write of rows that throws half-way",
     [](const Tensor& t) { write_half_and_throw(t.narrow(0, 7, 10)); }},
    {"a kernel that fails half-way",
     [](const Tensor& t) { run<AllTypes>("test", t, kHalf, t.numel()); }},
    {"a kernel that fails half-way in a row",
     [](const Tensor& t) { run<AllTypes>("test", t.select(0, 5), kHalf, kColumns); }},
    {"normal_", [](const Tensor& t) { normal_(t, 0, 1, RngKey(3)); }},
    {"normal_ of a column", [](const Tensor& t) { normal_(t.select(1, 5), 0, 1, RngKey(3)); }},
    {"layer_scale_out",
     [](const Tensor& t) {
       layer_scale_out(t, full({kRows, kColumns}, 7), ones({kColumns}));
     }},
    {"mutable_data",
     [](const Tensor& t) {
       fill_(t, 0);
       std::fill_n(t.mutable_data<float>(), 100, 7.0f);
     }},
    {"mutable_data of a row",
     [](const Tensor& t) {
       fill_(t.select(0, 5), 0);
       std::fill_n(t.select(0, 5).mutable_data<float>(), 100, 7.0f);
     }},
    {"a writer that throws",
     [](const Tensor& t) {
       WriteScope scope(*t.storage(), Author::kWriter, "test");
       fill_(t, 0);
       fill_(t.select(0, 5), 7);
       t.storage()->mark_unwritten();
     }},
    {"a load",
     [](const Tensor& t) {
       WriteScope scope(*t.storage(), Author::kLoad, "test");
       t.copy_(full({kRows, kColumns}, 7));
       scope.finish(t.layout());
       t.storage()->seal("test");
     }},
};

TEST(FreshMemoryTest, IsNotFreshOnceWrittenInAnyWay) {
  for (const bool unwritten : {false, true}) {
    for (const Way& way : kWays) {
      const ::testing::ScopedTrace trace("", 0,
                                         absl::StrCat(way.name, unwritten ? ", undone" : ""));
      const Tensor tensor = fresh();
      ASSERT_TRUE(tensor.storage()->zero());
      try {
        way.write(tensor);
      } catch (const std::exception&) {
        // Some do.
      }
      ASSERT_FALSE(bytes_are_zero(tensor)) << "this way writes nothing";
      EXPECT_FALSE(tensor.storage()->zero());
      if (unwritten) {
        tensor.storage()->mark_unwritten();
        EXPECT_EQ(tensor.state(), State::kAllocated);
        EXPECT_FALSE(tensor.storage()->zero());
      }
      fill_(tensor, 0);
      expect_zeros(tensor);
    }
  }
}

TEST(FreshMemoryTest, StaysFreshWhileNobodyWrites) {
  const Tensor tensor = fresh();
  Storage& storage = *tensor.storage();
  storage.mark_unwritten();
  storage.mark_changed();
  storage.seal("test");
  storage.unseal("test");
  fill_(tensor.narrow(0, 3, 0), 7);
  expect_error(ErrorCode::kUninitialized, {}, [&] { tensor.to_vector<float>(); });
  expect_error(ErrorCode::kValue, {}, [&] { fill_(fresh({.dtype = DType::kI64}), 0.5); });
  EXPECT_TRUE(storage.zero());
  EXPECT_EQ(tensor.state(), State::kAllocated);
  fill_(tensor, 0);
  expect_zeros(tensor);
}

// What a small tensor shows, whose zeros are written.
std::string observed(const Shape& shape) {
  std::string text;
  const Timeline timeline(Timeline::Clock::kSteps);
  const Tensor tensor = empty_slot(
      "test", {.name = "weight", .key = RngKey(5), .writer = {}, .shape = shape, .kin = nullptr},
      {});
  Storage& storage = *tensor.storage();
  const auto look = [&] {
    absl::StrAppend(&text, to_string(storage.state()), storage.pristine() ? " pristine" : "",
                    storage.is_overwritten() ? " overwritten" : "",
                    tensor.is_initialized() ? " complete" : "");
    for (const WriteCount& each : storage.writes()) {
      absl::StrAppend(&text, " ", each.op, "*", each.count);
    }
    absl::StrAppend(&text, "\n");
  };
  look();
  fill_(tensor.narrow(0, 0, 1), 0);
  look();
  storage.mark_unwritten();
  look();
  {
    WriteScope scope(storage, Author::kWriter, "test");
    fill_(tensor, 0);
    look();
    fill_(tensor, 0);
    look();
    scope.finish(tensor.layout(), /*pristine=*/true);
    look();
  }
  fill_(tensor, 0);
  look();
  release("test", {tensor.storage()});
  to_empty(tensor, Device::cpu());
  fill_(tensor, 0);
  look();
  for (const Event& event : timeline.events()) {
    absl::StrAppend(&text, static_cast<int>(event.kind), " ", event.op, "\n");
  }
  return text;
}

TEST(FreshMemoryTest, ShowsWhatWrittenZerosShow) {
  const std::string expected = observed({4, 2});
  kernels::drop_kept_pages();
  EXPECT_EQ(observed({kRows, kColumns}), expected) << "fresh";
  EXPECT_EQ(observed({kRows, kColumns}), expected) << "recycled";
}

TEST(FreshMemoryTest, AWriterOfZerosIsPristineAtItsEnd) {
  const Tensor tensor = fresh();
  {
    WriteScope scope(*tensor.storage(), Author::kWriter, "test");
    fill_(tensor, 0);
    EXPECT_EQ(tensor.state(), State::kPartial);
    EXPECT_FALSE(tensor.storage()->zero());
    scope.finish(tensor.layout(), /*pristine=*/true);
  }
  EXPECT_TRUE(tensor.storage()->pristine());
  expect_zeros(tensor);
  fill_(tensor.select(0, 5), 7);
  EXPECT_FALSE(tensor.storage()->pristine());
  fill_(tensor, 0);
  expect_zeros(tensor);
}

// --- memory that comes, goes and is exchanged ---

TEST(FreshMemoryTest, ReleasedMemoryComesBackRecycled) {
  const Tensor tensor = fresh();
  fill_(tensor, 7);
  const void* const before = tensor.storage()->data();
  release("test", {tensor.storage()});
  EXPECT_FALSE(tensor.storage()->zero());
  to_empty(tensor, Device::cpu());
  ASSERT_EQ(tensor.storage()->data(), before);
  EXPECT_FALSE(tensor.storage()->zero());
  fill_(tensor, 0);
  expect_zeros(tensor);

  release("test", {tensor.storage()});
  kernels::drop_kept_pages();
  to_empty(tensor, Device::cpu());
  EXPECT_TRUE(tensor.storage()->zero());
  fill_(tensor, 0);
  expect_zeros(tensor);
}

TEST(FreshMemoryTest, ReleasedWhileFreshIsNotFreshOnMeta) {
  const Tensor tensor = fresh();
  release("test", {tensor.storage()});
  EXPECT_FALSE(tensor.storage()->zero());
  fill_(tensor, 0);
  EXPECT_EQ(tensor.state(), State::kMeta);
}

TEST(FreshMemoryTest, AConversionOfWhatWasWrittenIsNotFresh) {
  for (const bool all : {false, true}) {
    const Tensor tensor = fresh();
    fill_(all ? tensor : tensor.select(0, 5), 7);
    convert("test", {tensor.storage()}, DType::kF16);
    EXPECT_FALSE(tensor.storage()->zero());
    tensor.storage()->mark_unwritten();
    EXPECT_FALSE(tensor.storage()->zero());
    fill_(tensor, 0);
    expect_zeros(tensor);
  }
}

TEST(FreshMemoryTest, AConversionOfNothingIsAsFreshAsItsMemory) {
  const Tensor first = fresh();
  convert("test", {first.storage()}, DType::kF16);
  EXPECT_TRUE(first.storage()->zero());
  fill_(first, 0);
  expect_zeros(first);

  kernels::drop_kept_pages();
  const Tensor second = empty({kRows, kColumns});
  full({kRows, kColumns}, 7, {.dtype = DType::kF16});
  convert("test", {second.storage()}, DType::kF16);
  EXPECT_FALSE(second.storage()->zero());
  fill_(second, 0);
  expect_zeros(second);
}

TEST(FreshMemoryTest, ACopyOfAFreshOneIsAsFreshAsItsOwnMemory) {
  const Tensor from = fresh();
  ASSERT_TRUE(from.storage()->zero());
  full({kRows, kColumns}, 7);
  const Tensor copy = empty({kRows, kColumns}, kMeta);
  duplicate("test", from.storage(), *copy.storage());
  ASSERT_FALSE(bytes_are_zero(copy)) << "nothing was recycled, so nothing is tested";
  EXPECT_FALSE(copy.storage()->zero());
  fill_(copy, 0);
  expect_zeros(copy);

  const Tensor other = empty({kRows, kColumns}, kMeta);
  duplicate("test", from.storage(), *other.storage());
  EXPECT_TRUE(other.storage()->zero());
  EXPECT_TRUE(from.storage()->zero());
}

TEST(FreshMemoryTest, ACopyOfWhatWasWrittenIsNotFresh) {
  for (const bool all : {false, true}) {
    const Tensor from = fresh();
    fill_(all ? from : from.select(0, 5), 7);
    const Tensor copy = empty({kRows, kColumns}, kMeta);
    duplicate("test", from.storage(), *copy.storage());
    EXPECT_EQ(copy.state(), from.state());
    EXPECT_FALSE(copy.storage()->zero());
    copy.storage()->mark_unwritten();
    EXPECT_FALSE(copy.storage()->zero());
    fill_(copy, 0);
    expect_zeros(copy);
  }
}

// --- threads ---

TEST(FreshMemoryTest, PartsOfZerosAndOfValuesByManyThreads) {
  constexpr int kThreads = 4;
  for (int trial = 0; trial < 20; ++trial) {
    const Tensor tensor = fresh();
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        for (int64_t row = t; row < 64; row += kThreads) {
          // Each part is written twice, and each thread has zeros and values.
          fill_(tensor.select(0, row), row % 3 == 0 ? row : 0);
          fill_(tensor.select(0, row), row % 5 == 0 ? row : 0);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(tensor.state(), State::kPartial);
    EXPECT_TRUE(tensor.narrow(0, 0, 64).is_initialized());
    EXPECT_FALSE(tensor.select(0, 64).is_initialized());
    for (int64_t row = 0; row < 64; ++row) {
      ASSERT_EQ(tensor.select(0, row).to_vector<int64_t>(),
                std::vector<int64_t>(kColumns, row % 5 == 0 ? row : 0));
    }
  }
}

}  // namespace
}  // namespace hollow
