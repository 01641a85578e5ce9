#include "tensor/describe.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tensor/factory.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::counting;
using testing::expect_error;

const TensorOptions kMeta = {.device = Device::meta()};

// The slots of a root, as a module keeps them.
class Slots : public Kin {
 public:
  std::vector<Tensor> unfinished() const override {
    std::vector<Tensor> result;
    for (const std::weak_ptr<Storage>& each : all) {
      const std::shared_ptr<Storage> storage = each.lock();
      if (storage == nullptr || storage->state() == State::kInitialized) continue;
      result.emplace_back(storage, layout_of(*storage->origin()));
    }
    return result;
  }
  bool has_writer(const Origin& origin) const override { return origin.writer != nullptr; }

  std::vector<std::weak_ptr<Storage>> all;
};

Tensor declare(const std::shared_ptr<Slots>& slots, absl::string_view name, Shape shape,
               const TensorOptions& options = {}) {
  Tensor tensor = empty_slot("test",
                             {.name = name,
                              .key = RngKey(0),
                              .writer = [](const Tensor&, RngKey) {},
                              .shape = std::move(shape),
                              .kin = slots},
                             options);
  slots->all.push_back(tensor.storage());
  return tensor;
}

TEST(DescribeTest, ATensor) {
  EXPECT_EQ(describe(empty({2, 3}, kMeta)), "tensor [2, 3] f32 on meta");
  const Tensor tensor = empty({4}, {.dtype = DType::kBF16});
  EXPECT_EQ(describe(tensor), "tensor [4] bf16 on cpu (allocated)");
  fill_(tensor.narrow(0, 0, 1), 3);
  EXPECT_EQ(describe(tensor), "tensor [4] bf16 on cpu (partial)");
  EXPECT_EQ(describe(full({}, 3, {.dtype = DType::kI64})), "tensor [] i64 on cpu (initialized)");
}

TEST(DescribeTest, ASlotAndItsViews) {
  const auto slots = std::make_shared<Slots>();
  const Tensor bias = declare(slots, "fc.bias", {30});
  fill_(bias, 1);
  EXPECT_EQ(describe(bias), "\"fc.bias\" [30] f32 on cpu (initialized)");
  EXPECT_EQ(describe(bias.narrow(0, 4, 2)),
            "view [2] of \"fc.bias\" [30] f32 on cpu (initialized)");
  EXPECT_EQ(bias.name(), "fc.bias");
  EXPECT_EQ(bias.narrow(0, 4, 2).name(), "fc.bias");
}

TEST(RequireValuesTest, NamesTheTensorTheGapAndTheWayOut) {
  EXPECT_NO_THROW(require_values("op", counting({3})));
  expect_error(ErrorCode::kMeta,
               {"op: tensor [3] f32 on meta has no memory", "to_empty(tensor, device)",
                "copy_() or fill_()"},
               [] { require_values("op", empty({3}, kMeta)); });
  const Tensor tensor = empty({2, 3});
  fill_(tensor.select(1, 0), 5);
  expect_error(ErrorCode::kUninitialized,
               {"op: tensor [2, 3] f32 on cpu (partial)", "4 of 6 elements", "first is element 1 "},
               [&] { require_values("op", tensor); });
  EXPECT_NO_THROW(require_values("op", tensor.select(1, 0)));
}

TEST(RequireValuesTest, ListsWhatElseIsUnfinishedInTheModel) {
  const auto slots = std::make_shared<Slots>();
  const Tensor gamma = declare(slots, "ls1.gamma", {4}, kMeta);
  const Tensor weight = declare(slots, "fc.weight", {2, 3});
  const Tensor bias = declare(slots, "fc.bias", {3});
  fill_(bias, 1);
  const Tensor half = declare(slots, "fc.half", {2});
  fill_(half.narrow(0, 0, 1), 5);
  expect_error(ErrorCode::kMeta,
               {"\"ls1.gamma\" [4] f32 on meta", "to_empty(device)", "reset_parameters()",
                "Unfinished in the same model: \"fc.weight\" (allocated), \"fc.half\" (partial)"},
               [&] { require_values("op", gamma); });
  try {
    require_values("op", weight.select(0, 1));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.code(), ErrorCode::kUninitialized);
    EXPECT_THAT(text, ::testing::HasSubstr("view [3] of \"fc.weight\" [2, 3] f32 on cpu"));
    EXPECT_THAT(text, ::testing::HasSubstr("reset_parameters() of its module"));
    EXPECT_THAT(text, ::testing::HasSubstr("\"ls1.gamma\" (meta), \"fc.half\" (partial)"));
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("fc.bias")));
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\"fc.weight\" (allocated)")));
  }
}

TEST(RequireTest, WritableMeansEachElementOnce) {
  EXPECT_NO_THROW(require_writable("fill_", empty({2, 3}).transpose(0, 1)));
  EXPECT_NO_THROW(require_writable("fill_", empty({3}).expand({1, 3})));
  expect_error(ErrorCode::kAlias, {"fill_: tensor [2, 3] f32 on meta", "strides [0, 1]", "clone()"},
               [] {
                 require_writable("fill_", empty({3}, kMeta).expand({2, 3}));
               });
}

TEST(RequireTest, OneDeviceAndOneDType) {
  const Tensor f32 = counting({2});
  const Tensor i64 = counting({3}, {.dtype = DType::kI64});
  const Tensor meta = empty({4}, kMeta);
  EXPECT_NO_THROW(require_one_device("add", f32, i64));
  EXPECT_NO_THROW(require_one_dtype("add", f32, meta));
  expect_error(ErrorCode::kDevice,
               {"add:", "[2] f32 on cpu", "[4] f32 on meta", "to_empty(device)"},
               [&] { require_one_device("add", f32, meta); });
  expect_error(ErrorCode::kDType, {"add:", "[2] f32 on cpu", "[3] i64 on cpu", "to(dtype)"},
               [&] { require_one_dtype("add", f32, i64); });
}

TEST(RequireTest, OverlapIsFineWhereItIsExact) {
  const Tensor tensor = counting({4, 1, 3});
  EXPECT_NO_THROW(require_no_overlap("add_", tensor, tensor));
  EXPECT_NO_THROW(require_no_overlap("add_", tensor, tensor.reshape({4, 3}).reshape({4, 1, 3})));
  EXPECT_NO_THROW(require_no_overlap("add_", tensor.select(0, 1), tensor.select(0, 2)));
  EXPECT_NO_THROW(require_no_overlap("add_", tensor.select(2, 0), tensor.select(2, 1)));
  EXPECT_NO_THROW(require_no_overlap("add_", tensor, tensor.clone()));
  for (const Tensor& input : {tensor.transpose(0, 2), tensor.reshape({12}), tensor.narrow(0, 3, 1),
                              tensor.reshape({12}).narrow(0, 11, 1)}) {
    expect_error(ErrorCode::kAlias,
                 {"add_:", "the output", "[4, 1, 3] f32 on cpu", "overlaps", "clone()"},
                 [&] { require_no_overlap("add_", tensor, input); });
  }
}

TEST(AboutTest, AddsTheTensorsToARulesError) {
  const Tensor tensor = counting({2});
  EXPECT_EQ(about({&tensor}, [] { return 7; }), 7);
  expect_error(ErrorCode::kShape, {"add: do not fit", "tensor [2] f32 on cpu (initialized)"}, [&] {
    about({&tensor}, [] { throw Error(ErrorCode::kShape, "add", "do not fit"); });
  });
}

}  // namespace
}  // namespace hollow
