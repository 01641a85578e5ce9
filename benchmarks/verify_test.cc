#include "benchmarks/verify.h"

#include <stdexcept>
#include <string>

#include "benchmarks/peers/plain.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/device.h"

namespace hollow::benchmarks {
namespace {

using ::testing::HasSubstr;

Operands operands(Workspace& workspace, int64_t rows) {
  return workspace.operands({rows, 16}, DType::kF32, Device::cpu());
}

const Op& op(absl::string_view name) {
  for (const Op& each : ops()) {
    if (each.name == name) return each;
  }
  throw std::runtime_error(std::string(name));
}

std::string error_of(const Op& op, const PeerOp& peer, const Operands& t) {
  try {
    verify(op, peer, t);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

// A peer of forward_out that does `run`.
PeerOp peer(void (*run)(const Buffers&)) {
  return {
      "forward_out", {DType::kF32}, [=](const Buffers& b) { return Call{.run = [=] { run(b); }}; }};
}

void divide(const Buffers& b) {
  for (int64_t i = 0; i < b.rows * b.dim; ++i) {
    static_cast<float*>(b.y)[i] =
        static_cast<float*>(b.x)[i] / static_cast<float*>(b.gamma)[i % b.dim];
  }
}

void forget_the_last_row(const Buffers& b) {
  for (int64_t i = 0; i < (b.rows - 1) * b.dim; ++i) {
    static_cast<float*>(b.y)[i] =
        static_cast<float*>(b.x)[i] * static_cast<float*>(b.gamma)[i % b.dim];
  }
}

TEST(VerifyTest, PlainDoesAllOfOurOpsInF32) {
  Workspace workspace;
  const Peer plain = plain_peer(1);
  if (plain.ops.empty()) GTEST_SKIP() << plain.about;
  for (const Op& each : ops()) {
    const PeerOp* const its = plain.find(each.name, DType::kF32);
    ASSERT_NE(its, nullptr) << each.name;
    for (const int64_t rows : {1, 33, 1000, 16448}) {
      if (rows % each.rows_of == 0) verify(each, *its, operands(workspace, rows));
    }
  }
  EXPECT_EQ(plain.find("forward", DType::kBF16), nullptr);
  EXPECT_EQ(plain.find("backward_of_it_all", DType::kF32), nullptr);
}

TEST(VerifyTest, WhatDiffersIsAnError) {
  Workspace workspace;
  EXPECT_THAT(error_of(op("forward_out"), peer(divide), operands(workspace, 8)),
              HasSubstr("computes something else"));
  EXPECT_THAT(error_of(op("forward_out"), peer([](const Buffers&) {}), operands(workspace, 8)),
              HasSubstr("row 0, column 0"));
}

TEST(VerifyTest, EveryResultIsCompared) {
  Workspace workspace;
  const PeerOp forgets_grad_gamma = {"backward", {DType::kF32}, [](const Buffers& b) {
                                       return Call{.run = [=] {
                                         for (int64_t i = 0; i < b.rows * b.dim; ++i) {
                                           static_cast<float*>(b.y)[i] =
                                               static_cast<float*>(b.residual)[i] *
                                               static_cast<float*>(b.gamma)[i % b.dim];
                                         }
                                       }};
                                     }};
  EXPECT_THAT(error_of(op("backward"), forgets_grad_gamma, operands(workspace, 8)),
              HasSubstr("computes something else: 0, where ours is"));
}

TEST(VerifyTest, ALargeTensorIsReadToItsEnd) {
  Workspace workspace;
  EXPECT_THAT(error_of(op("forward_out"), peer(forget_the_last_row), operands(workspace, 16448)),
              HasSubstr("row 16447, column 0"));
}

TEST(VerifyTest, OperandsAreAsBefore) {
  Workspace workspace;
  const Operands t = operands(workspace, 8);
  const std::vector<float> x = t.x.to_vector<float>();
  const std::vector<float> gamma = t.gamma.to_vector<float>();
  error_of(op("inplace"), peer([](const Buffers&) {}), t);
  EXPECT_EQ(t.x.to_vector<float>(), x);
  EXPECT_EQ(t.gamma.to_vector<float>(), gamma);
}

}  // namespace
}  // namespace hollow::benchmarks
