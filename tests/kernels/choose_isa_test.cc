#include "kernels/cpu/choose_isa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/distributions.h"
#include "kernels/failure.h"
#include "kernels/layer_scale.h"
#include "kernels/random.h"

namespace hollow::kernels {
namespace {

using ::testing::HasSubstr;

template <typename Function>
std::string failure(Function function) {
  try {
    function();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), Failure::Kind::kConfiguration);
    return failure.what();
  }
  return "no failure";
}

TEST(ChooseIsaTest, ThePortableOneIsEverywhere) {
  EXPECT_EQ(available_isas().front(), Isa::kPortable);
}

TEST(ChooseIsaTest, VisitsTheChosenOne) {
  const Isa before = isa();
  for (const Isa each : available_isas()) {
    set_isa(each);
    EXPECT_EQ(isa(), each);
    Isa visited = Isa::kPortable;
    visit_isa(isa(), [&]<Isa kIsa>() { visited = kIsa; });
    EXPECT_EQ(visited, each);
  }
  set_isa(before);
}

TEST(ChooseIsaTest, WhatIsNotThereIsRefused) {
  if (available_isas().back() == Isa::kAvx512) GTEST_SKIP() << "this machine has all of them";
  const Isa before = isa();
  EXPECT_THAT(failure([] { set_isa(Isa::kAvx512); }), HasSubstr("no avx512; it has portable"));
  EXPECT_EQ(isa(), before);
}

// The variable is read once, at first need, so each value needs a process of its own.
using ChooseIsaDeathTest = ::testing::Test;

TEST(ChooseIsaDeathTest, TheVariableChoosesAndElseItIsTheBest) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto exit_code_of = [](const char* value) {
    setenv("HOLLOW_ISA", value, 1);
    std::exit(isa() == Isa::kPortable ? 7 : isa() == available_isas().back() ? 8 : 9);
  };
  EXPECT_EXIT(exit_code_of("portable"), ::testing::ExitedWithCode(7), "");
  const int best = available_isas().size() > 1 ? 8 : 7;
  EXPECT_EXIT(exit_code_of(""), ::testing::ExitedWithCode(best), "");
  // Of the caller, also where threads would have met it first.
  const auto complain = [] {
    setenv("HOLLOW_ISA", "avx3", 1);
    std::vector<float> y(1 << 20), gamma(1024);
    Strided<2> index;
    index.numel = 1 << 20;
    index.contiguous = true;
    const UniformFill fill{make_uniform(0, 1)};
    std::fputs(failure([&] { random(Cpu{}, y.data(), index, 0, {}, fill); }).c_str(), stderr);
    std::fputs(
        failure([&] { layer_scale(Cpu{}, y.data(), y.data(), gamma.data(), 1024, 1024); }).c_str(),
        stderr);
    std::exit(9);
  };
  EXPECT_EXIT(complain(), ::testing::ExitedWithCode(9),
              "HOLLOW_ISA is \"avx3\"; this machine has portable.*"
              "HOLLOW_ISA is \"avx3\"; this machine has portable");
}

}  // namespace
}  // namespace hollow::kernels
