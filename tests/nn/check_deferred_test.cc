#include "nn/check_deferred.h"

#include <memory>
#include <random>

#include "nn/init.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

namespace hollow::nn {
namespace {

using hollow::testing::counting;
using ::testing::HasSubstr;

template <typename M>
DeferredReport check() {
  return check_deferred([] { return std::make_unique<M>(); });
}

// Expects that one difference.
void expect_only(const DeferredReport& report, const std::string& name, Cause cause,
                 const std::string& part) {
  ASSERT_EQ(report.differences.size(), 1u) << report;
  EXPECT_EQ(report.differences[0].name, name);
  EXPECT_EQ(to_string(report.differences[0].cause), to_string(cause));
  EXPECT_THAT(report.differences[0].detail, HasSubstr(part));
  EXPECT_THAT(to_string(report), HasSubstr(to_string(cause)));
}

TEST(CheckDeferredTest, OursPass) {
  EXPECT_TRUE(check<ToyModel>().ok()) << check<ToyModel>();
  for (const LayerScaleOptions& options :
       {LayerScaleOptions{.init_values = 0.5}, LayerScaleOptions{.init_values = counting({4})}}) {
    const DeferredReport report =
        check_deferred([&] { return std::make_unique<LayerScale>(4, options); });
    EXPECT_TRUE(report.ok()) << report;
  }
  EXPECT_EQ(to_string(check<Module>()), "built deferred, it is the same\n");
}

// As before dinov2#476: the constructor computes the values, and nothing else does.
struct ComputesInConstructor : Module {
  ComputesInConstructor() : gamma(add_parameter("gamma", {4}, nullptr)) {
    fill_(gamma, 1.0);
    mul_(gamma, full({4}, 1e-5));
  }
  Tensor& gamma;
};

// As DINOv3's: the constructor leaves it empty, and the caller is to reset.
struct LeavesItEmpty : Module {
  LeavesItEmpty() { add_parameter("gamma", {4}, nullptr); }
};

// The writer writes one thing, and the constructor another over it.
struct WritesOverTheWriter : Module {
  WritesOverTheWriter() { fill_(add_parameter("gamma", {4}, init::ones()), 0.5); }
};

TEST(CheckDeferredTest, ValuesThatOnlyTheConstructorGives) {
  expect_only(check<ComputesInConstructor>(), "gamma", Cause::kConstructorOnly, "fill_ and mul_");
  expect_only(check<LeavesItEmpty>(), "gamma", Cause::kNeverInitialized, "has no writer");
  expect_only(check<WritesOverTheWriter>(), "gamma", Cause::kConstructorOnly, "set_writer");
}

struct LosesATie : Module {
  LosesATie() {
    Tensor& a = add_parameter("a", {2}, init::normal());
    Tensor& b = add_parameter("b", {2}, init::normal());
    // A tie that looks at values, or at the device, is none on meta.
    if (!a.is_meta()) share_parameter("b", a);
    fill_(b, 0.0);
  }
};

struct AnotherDType : Module {
  AnotherDType() {
    const bool meta = default_device().is_meta();
    add_parameter("w", {2}, init::ones(), {.dtype = meta ? DType::kF16 : DType::kF32});
  }
};

struct AnotherShape : Module {
  AnotherShape() { add_parameter("w", {default_device().is_meta() ? 0 : 2}, init::ones()); }
};

struct OtherSlots : Module {
  OtherSlots() { add_parameter(default_device().is_meta() ? "lazy" : "w", {2}, init::ones()); }
};

struct OtherStrides : Module {
  OtherStrides() {
    Tensor& w = add_parameter("w", {2, 2}, init::normal());
    const bool meta = w.is_meta();
    share_parameter("t", meta ? w : w.transpose(0, 1));
  }
};

struct OtherGrad : Module {
  OtherGrad() {
    Tensor& w = add_parameter("w", {2}, init::normal());
    w.set_requires_grad(!w.is_meta());
  }
};

TEST(CheckDeferredTest, WhatDependsOnTheDevice) {
  const DeferredReport tie = check<LosesATie>();
  ASSERT_FALSE(tie.ok());
  bool found = false;
  for (const Difference& each : tie.differences) {
    found = found || (each.name == "b" && each.cause == Cause::kTieLost);
  }
  EXPECT_TRUE(found) << tie;
  expect_only(check<AnotherDType>(), "w", Cause::kDType, "f32 on cpu, f16 on meta");
  expect_only(check<AnotherShape>(), "w", Cause::kShape, "[2] on cpu, [0] on meta");
  expect_only(check<OtherGrad>(), "w", Cause::kRequiresGrad, "does not on meta");
  const DeferredReport slots = check<OtherSlots>();
  ASSERT_EQ(slots.differences.size(), 2u) << slots;
  EXPECT_EQ(slots.differences[0].name, "w");
  EXPECT_EQ(slots.differences[1].name, "lazy");
  for (const Difference& each : slots.differences) EXPECT_EQ(each.cause, Cause::kSlots);
  const DeferredReport strides = check<OtherStrides>();
  ASSERT_EQ(strides.differences.size(), 1u) << strides;
  EXPECT_EQ(strides.differences[0].cause, Cause::kStrides) << strides;
  EXPECT_THAT(strides.differences[0].detail, HasSubstr("[1, 2]"));
}

struct NotFromItsKey : Module {
  NotFromItsKey() {
    add_parameter("w", {8}, [](const Tensor& tensor, RngKey) {
      static std::mt19937 random(1);
      tensor.write<float>([](absl::Span<float> values) {
        for (float& value : values) value = static_cast<float>(random());
      });
    });
  }
};

// What the writer captured has changed when it runs again.
struct ChangesMeanwhile : Module {
  ChangesMeanwhile() {
    add_parameter("w", {8}, [this](const Tensor& tensor, RngKey) { fill_(tensor, width); });
    width = 7.0;
  }
  double width = 3.0;
};

struct ReadsInItsConstructor : Module {
  ReadsInItsConstructor() { add_parameter("w", {1}, init::ones()).item<float>(); }
};

struct HasAPlainMember : Module {
  HasAPlainMember() : table(zeros({3})) {}
  Tensor table;
};

TEST(CheckDeferredTest, OtherCauses) {
  expect_only(check<NotFromItsKey>(), "w", Cause::kNotReproducible, "from the key");
  expect_only(check<ChangesMeanwhile>(), "w", Cause::kValues, "captures");
  expect_only(check<ReadsInItsConstructor>(), "", Cause::kThrows, "on meta: item");
  expect_only(check<HasAPlainMember>(), "", Cause::kUnlisted, "[3] f32 on meta, made by zeros()");
  const DeferredReport fails = check_deferred(
      []() -> std::unique_ptr<Module> { throw Error(ErrorCode::kValue, "factory", "no"); });
  expect_only(fails, "", Cause::kThrows, "on cpu: factory: no");
  expect_only(check_deferred([]() -> std::unique_ptr<Module> { return nullptr; }), "",
              Cause::kThrows, "gave null");
}

TEST(CheckDeferredTest, WhatTheCallerHasOnMetaIsNoneOfTheModules) {
  const DeviceScope scope(Device::meta());
  const Tensor mine = empty({7});
  EXPECT_TRUE(check<Module>().ok()) << check<Module>();
  expect_only(check<HasAPlainMember>(), "", Cause::kUnlisted, "[3] f32 on meta");
}

// Its writer would not write now what it wrote then.
TEST(CheckDeferredTest, WhatTheConstructorDoesAfterTheWriter) {
  struct BeginsAGeneration : Module {
    BeginsAGeneration() {
      add_parameter("w", {4}, init::normal());
      next_generation();
    }
  };
  expect_only(check<BeginsAGeneration>(), "w", Cause::kConstructorOnly, "next_generation()");
}

TEST(CheckDeferredTest, AWriterThatFailsHidesNoOther) {
  struct Fails : Module {
    Fails() {
      add_parameter("a", {2}, [this](const Tensor& tensor, RngKey) {
        if (built && !tensor.is_meta()) throw Error(ErrorCode::kValue, "a", "fails");
        fill_(tensor, 1.0);
      });
      add_parameter("b", {2}, nullptr);
      built = true;
    }
    bool built = false;
  };
  const DeferredReport report = check<Fails>();
  ASSERT_EQ(report.differences.size(), 2u) << report;
  EXPECT_EQ(report.differences[0].cause, Cause::kThrows);
  EXPECT_THAT(report.differences[0].detail, HasSubstr("a: fails"));
  EXPECT_EQ(report.differences[1].cause, Cause::kNeverInitialized);
}

TEST(CheckDeferredTest, LeavesTheScopesAsTheyWere) {
  check<ReadsInItsConstructor>();
  EXPECT_EQ(default_device(), Device::cpu());
  EXPECT_EQ(default_rng_key(), RngKey(0));
}

struct HasAMember : Module {
  Linear fc{2, 2};
};
struct HasAMemberBelow : Module {
  HasAMemberBelow() { add_child<HasAMember>("block"); }
};

TEST(CheckDeferredTest, FindsModulesThatAreNoChildren) {
  expect_only(check<HasAMember>(), "", Cause::kUnlisted, "a hollow::nn::Linear was built");
  expect_only(check<HasAMemberBelow>(), "", Cause::kUnlisted, "build it with add_child");
}

TEST(CheckDeferredTest, AModuleThatLivedForTheConstructorAloneIsNone) {
  const DeferredReport report = check_deferred([] {
    const Linear temporary(2, 2);
    return std::make_unique<Linear>(2, 2);
  });
  EXPECT_TRUE(report.ok()) << report;
}

TEST(CheckDeferredTest, WhatIsThrownNeedNotBeAnException) {
  expect_only(check_deferred([]() -> std::unique_ptr<Module> { throw 42; }), "", Cause::kThrows,
              "on cpu: something that is no std::exception");
}

}  // namespace
}  // namespace hollow::nn
