// One table, every device: what meta says of a result is what the CPU makes, what CUDA makes is
// what the CPU makes, and a bad call is the same error everywhere. Cases 5 and 6 of the contract.

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/parity/table.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::BadCall;
using testing::bits;
using testing::Call;
using testing::expect_error;
using testing::Nearness;

std::vector<Call> all_calls() {
  std::vector<Call> calls = testing::tensor_calls();
  for (Call& call : testing::op_calls()) calls.push_back(std::move(call));
  return calls;
}

void expect_same_description(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  EXPECT_EQ(a.strides(), b.strides());
  EXPECT_EQ(a.storage_offset(), b.storage_offset());
  EXPECT_EQ(a.dtype(), b.dtype());
  EXPECT_EQ(a.requires_grad(), b.requires_grad());
  EXPECT_EQ(a.storage()->nbytes(), b.storage()->nbytes());
}

// Both NaN, or a few units in the last place apart, or more where terms of about 1 cancelled.
void expect_near(const Tensor& a, const Tensor& b, Nearness nearness) {
  const bool cancels = nearness == Nearness::kF32Sums;
  const double unit = a.dtype() == DType::kF32   ? 0x1p-22
                      : a.dtype() == DType::kF16 ? 0x1p-10
                                                 : 0x1p-7;
  const std::vector<float> values_a = a.to_vector<float>();
  const std::vector<float> values_b = b.to_vector<float>();
  for (size_t i = 0; i < values_a.size(); ++i) {
    if (std::isnan(values_a[i]) && std::isnan(values_b[i])) continue;
    EXPECT_NEAR(values_a[i], values_b[i],
                (cancels ? 4 : 1) * unit * std::abs(values_b[i]) + (cancels ? 1e-4 : 1e-9))
        << i;
  }
}

struct Said {
  ErrorCode code;
  std::string text;
};

// The error of the call, without the words that are the device's.
std::optional<Said> said(const BadCall& call, Device device) {
  try {
    call.on(device);
  } catch (const Error& error) {
    return Said{
        error.code(),
        absl::StrReplaceAll(error.what(), {{" (initialized)", ""},
                                           {" (allocated)", ""},
                                           {absl::StrCat("on ", to_string(device)), "on D"}})};
  }
  return std::nullopt;
}

void expect_same_errors(Device device) {
  for (const BadCall& call : testing::bad_calls()) {
    SCOPED_TRACE(call.name);
    const std::optional<Said> here = said(call, device);
    const std::optional<Said> cpu = said(call, Device::cpu());
    ASSERT_TRUE(cpu.has_value()) << "no error on the CPU";
    ASSERT_TRUE(here.has_value()) << "no error on " << device << ", and on the CPU " << cpu->text;
    EXPECT_EQ(to_string(here->code), to_string(cpu->code));
    EXPECT_EQ(here->text, cpu->text);
  }
}

TEST(ParityTest, MetaEqualsCpu) {
  for (const Call& call : all_calls()) {
    SCOPED_TRACE(call.name);
    if (call.needs_values) {
      expect_error(ErrorCode::kMeta, {}, [&] { call.on(Device::meta()); });
      continue;
    }
    const std::vector<Tensor> meta = call.on(Device::meta());
    const std::vector<Tensor> cpu = call.on(Device::cpu());
    ASSERT_EQ(meta.size(), cpu.size());
    for (size_t i = 0; i < meta.size(); ++i) {
      SCOPED_TRACE(absl::StrCat("result ", i));
      expect_same_description(meta[i], cpu[i]);
      EXPECT_EQ(meta[i].state(), State::kMeta);
      EXPECT_EQ(cpu[i].device(), Device::cpu());
      EXPECT_TRUE(cpu[i].is_initialized());
    }
  }
}

TEST(ParityTest, BadCallsOnMetaEqualTheCpus) { expect_same_errors(Device::meta()); }

TEST(ParityTest, TheCpuReproducesItself) {
  for (const Call& call : all_calls()) {
    SCOPED_TRACE(call.name);
    const std::vector<Tensor> first = call.on(Device::cpu());
    const std::vector<Tensor> second = call.on(Device::cpu());
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(bits(first[i]), bits(second[i])) << i;
  }
}

TEST(ParityTest, CudaEqualsCpu) {
  if (Device::cuda_count() == 0) GTEST_SKIP() << Device::why_no_cuda();
  for (int index = 0; index < Device::cuda_count(); ++index) {
    const Device device = Device::cuda(index);
    for (const Call& call : all_calls()) {
      SCOPED_TRACE(absl::StrCat(call.name, " on ", to_string(device)));
      if (call.cuda == Nearness::kNotThereYet) {
        expect_error(ErrorCode::kUnsupported, {}, [&] { call.on(device); });
        continue;
      }
      const std::vector<Tensor> cuda = call.on(device);
      const std::vector<Tensor> cpu = call.on(Device::cpu());
      ASSERT_EQ(cuda.size(), cpu.size());
      for (size_t i = 0; i < cuda.size(); ++i) {
        SCOPED_TRACE(absl::StrCat("result ", i));
        expect_same_description(cuda[i], cpu[i]);
        ASSERT_TRUE(cuda[i].is_initialized());
        if (call.cuda == Nearness::kBits) {
          EXPECT_EQ(bits(cuda[i]), bits(cpu[i]));
        } else {
          expect_near(cuda[i], cpu[i], call.cuda);
        }
      }
    }
    expect_same_errors(device);
  }
}

}  // namespace
}  // namespace hollow
