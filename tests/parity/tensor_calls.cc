#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tensor/factory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/placement.h"
#include "tests/parity/inputs.h"
#include "tests/parity/table.h"

namespace hollow::testing {
namespace {

void add_factories(std::vector<Call>* calls) {
  const auto call = [&](std::string name, std::function<Results(Device)> on) {
    calls->push_back({std::move(name), std::move(on)});
  };
  for (const DType dtype : kAll) {
    const auto typed = [=](Device d) { return TensorOptions{.dtype = dtype, .device = d}; };
    call(absl::StrCat("constants ", to_string(dtype)), [=](Device d) -> Results {
      return {empty({0, 3}, typed(d)), zeros({2, 3}, typed(d)), ones({}, typed(d)),
              full({3, 1, 2}, 1, typed(d)), full({0}, 1, typed(d))};
    });
    call(absl::StrCat("_like ", to_string(dtype)), [=](Device d) -> Results {
      const Tensor dense = in({2, 3, 4}, dtype, d).permute({2, 0, 1});
      const Tensor gaps = strided(dtype, d);
      return {empty_like(dense.narrow(0, 0, 0)), zeros_like(dense), ones_like(gaps),
              full_like(dense, 1), empty_like(in({}, dtype, d).expand({0, 2}))};
    });
  }
  call("empty", [](Device d) -> Results {
    const Tensor plain = empty({2, 3}, {.dtype = DType::kF16, .device = d, .requires_grad = true});
    const Tensor like = empty_like(plain.transpose(0, 1));
    plain.copy_(in({2, 3}, DType::kF32, d));
    fill_(like, 3);
    return {plain, like};
  });
  call("DeviceScope", [](Device d) -> Results {
    const DeviceScope scope(d);
    return {zeros({2, 3}), ones({}, {.requires_grad = true}), randn({3}, RngKey(1))};
  });
  call("from_values", [](Device d) -> Results {
    const TensorOptions options = {.device = d};
    return {from_values<float>({0.1f, -0.0f, 3e38f, 4}, {2, 2}, options),
            from_values<Half>({Half(0.1f), Half(7.0f)}, options),
            from_values<BFloat16>({BFloat16(0.1f)}, options),
            from_values<int64_t>({INT64_MIN, 7}, {2, 1}, options),
            from_values<bool>({true, false, true}, options),
            from_values<float>({}, options)};
  });
  for (const DType dtype : kFloats) {
    const auto typed = [=](Device d) { return TensorOptions{.dtype = dtype, .device = d}; };
    call(absl::StrCat("rand, randn ", to_string(dtype)), [=](Device d) -> Results {
      const RngKey key = (RngKey(1) / "w").with_generation(2);
      return {rand({33, 65}, key, typed(d)), rand({}, key, typed(d)),
              randn({33, 65}, key, typed(d)), randn({0, 2}, key, typed(d)),
              randn({3}, key, typed(d))};
    });
  }
}

void add_members(std::vector<Call>* calls) {
  const auto call = [&](std::string name, std::function<Results(Device)> on) {
    calls->push_back({std::move(name), std::move(on)});
  };
  call("reshape", [](Device d) -> Results {
    const Tensor x = in({4, 6}, DType::kF32, d);
    return {x.reshape({2, -1, 3}),
            x.reshape({24}),
            x.transpose(0, 1).reshape({24}),
            x.narrow(1, 1, 4).reshape({2, 2, 4}),
            x.narrow(1, 1, 3).reshape({12}),
            x.narrow(0, 0, 0).reshape({5, 0}),
            x.select(0, 1).select(0, 2).reshape({1, 1}),
            x.narrow(0, 1, 1).expand({3, 6}).reshape({9, 2}),
            in({1}, DType::kI64, d).reshape({})};
  });
  call("transpose, permute", [](Device d) -> Results {
    const Tensor x = in({2, 3, 4}, DType::kBF16, d);
    return {x.transpose(0, -1), x.permute({1, 2, 0}), x.narrow(1, 0, 0).transpose(0, 1),
            in({}, DType::kF32, d).permute({})};
  });
  call("narrow, select, expand", [](Device d) -> Results {
    const Tensor x = in({4, 5}, DType::kI64, d);
    return {x.narrow(1, 2, 3),
            x.narrow(0, 4, 0),
            x.select(0, -1),
            x.select(1, 3),
            x.narrow(0, 1, 1).expand({3, 5}),
            x.expand({2, 4, 5}),
            in({1}, DType::kF32, d).expand({0})};
  });
  call("contiguous, clone", [](Device d) -> Results {
    const Tensor x = strided(DType::kF16, d);
    const Tensor dense = in({2, 3, 4}, DType::kF32, d).permute({2, 0, 1});
    return {x.contiguous(),
            x.clone(),
            dense.contiguous(),
            dense.clone(),
            x.select(0, 1).expand({2, 5}).clone(),
            in({0}, DType::kBool, d).clone(),
            in({}, DType::kI64, d).clone()};
  });
  call("requires_grad", [](Device d) -> Results {
    const Tensor x = ones({2, 3}, {.device = d, .requires_grad = true});
    const Tensor off = ones({2}, {.device = d, .requires_grad = true});
    off.set_requires_grad(false);
    return {x, x.transpose(0, 1), x.clone(), x.to(DType::kF16), off, add(x, x)};
  });
  for (const DType from : kAll) {
    for (const DType to : kAll) {
      call(absl::StrCat("to, copy_ ", to_string(from), " to ", to_string(to)),
           [=](Device d) -> Results {
             const Tensor x = strided(from, d);
             const Tensor y = zeros({4, 9}, {.dtype = to, .device = d});
             y.narrow(1, 3, 5).copy_(x);
             const Tensor wide = zeros({2, 4, 5}, {.dtype = to, .device = d});
             wide.copy_(x.select(0, 0));
             // From the host, by values and strides of its own, and into gaps.
             const Tensor host = zeros({5, 9}, {.dtype = to, .device = d});
             host.transpose(0, 1).narrow(0, 2, 4).copy_(strided(from, Device::cpu()));
             const Tensor scalar = zeros({}, {.dtype = to, .device = d});
             scalar.copy_(in({1}, from, Device::cpu()).reshape({}));
             return {x.to(to), in({0, 2}, from, d).to(to), in({}, from, d).to(to), y, wide, host,
                     scalar};
           });
    }
    call(absl::StrCat("write ", to_string(from)), [=](Device d) -> Results {
      const Tensor y = zeros({3, 4}, {.dtype = from, .device = d});
      y.transpose(0, 1).narrow(0, 1, 2).write<float>([](absl::Span<float> values) {
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) + 0.7f;
      });
      return {y};
    });
  }
  // What comes back to the host is taken as a tensor there.
  calls->push_back({"item, to_vector",
                    [](Device d) -> Results {
                      const Tensor x = strided(DType::kBF16, d);
                      const std::vector<float> values = x.to_vector<float>();
                      const TensorOptions cpu = {.device = Device::cpu()};
                      return {from_values<float>(absl::MakeConstSpan(values), {4, 5}, cpu),
                              full({}, x.select(0, 1).select(0, 1).item<float>(), cpu)};
                    },
                    Nearness::kBits, /*needs_values=*/true});
  calls->push_back({"to the host and back",
                    [](Device d) -> Results {
                      const Tensor x = strided(DType::kF16, d).to(Device::cpu());
                      return {x, in({2, 3}, DType::kF32, d).transpose(0, 1).to(Device::cpu())};
                    },
                    Nearness::kBits, /*needs_values=*/true});
  calls->push_back({"to_empty, convert, release",
                    [](Device d) -> Results {
                      const Tensor moved = strided(DType::kF32, Device::cpu());
                      to_empty(moved, d);
                      const Tensor half = empty({6}, {.device = Device::cpu()});
                      half.narrow(0, 1, 3).copy_(in({3}, DType::kF32, Device::cpu()));
                      to_empty(half, d);
                      convert("to", {moved.storage(), half.storage()}, DType::kBF16);
                      fill_(half.narrow(0, 0, 1), 7);
                      fill_(half.narrow(0, 4, 2), 8);
                      const Tensor again = in({3}, DType::kF32, d);
                      release("test", {again.storage()});
                      to_empty(again, d);
                      fill_(again, 9);
                      return {moved, half, again};
                    },
                    Nearness::kBits, /*needs_values=*/true});
  calls->push_back({"allclose",
                    [](Device d) -> Results {
                      const Tensor x = in({4, 5}, DType::kF32, d);
                      return {full({}, allclose(x, x.to(Device::cpu())), {.device = Device::cpu()}),
                              full({}, allclose(x, ones({4, 5})), {.device = Device::cpu()})};
                    },
                    Nearness::kBits, /*needs_values=*/true});
}

}  // namespace

std::vector<Call> tensor_calls() {
  std::vector<Call> calls;
  add_factories(&calls);
  add_members(&calls);
  return calls;
}

}  // namespace hollow::testing
