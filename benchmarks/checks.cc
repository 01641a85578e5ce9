#include "benchmarks/checks.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/elementwise.h"
#include "nn/init.h"
#include "nn/module.h"
#include "tensor/factory.h"
#include "tensor/index.h"
#include "tensor/run.h"

namespace hollow::benchmarks {
namespace {

constexpr double kGoalNs = 8.0;
constexpr int64_t kSizes[] = {1, 64};
constexpr int kCopies = 8;

// The kernels of add and mul_, as tensor/ops/elementwise.cc has them.
constexpr auto kAdd = []<typename T>(auto place, T* y, const T* a, const T* b,
                                     const kernels::Strided<3>& index) {
  kernels::add(place, y, a, b, index);
};
constexpr auto kMul = []<typename T>(auto place, T* y, const T* a, const kernels::Strided<2>& index,
                                     float b) {
  kernels::mul_scalar(place, y, a, static_cast<kernels::Compute<T>>(b), index);
};

struct Operands {
  Operands(Tensor to, Tensor left, Tensor right)
      : y(std::move(to)),
        a(std::move(left)),
        b(std::move(right)),
        in_place(index_of({&y.layout(), &y.layout()})),
        binary(index_of({&y.layout(), &a.layout(), &b.layout()})) {}

  Tensor y;
  Tensor a;
  Tensor b;
  // Worked out by the op before it calls run: no part of what is compared.
  kernels::Strided<2> in_place;
  kernels::Strided<3> binary;
};

enum class Door { kRun, kDispatch };

// Copies that did not differ would be folded into one.
template <int kCopy>
[[gnu::always_inline]] inline void mark_copy() {
  asm volatile("" : : "i"(kCopy));
}

struct Add {
  template <Door kDoor, int kCopy>
  static void call(const Operands& t) {
    mark_copy<kCopy>();
    if constexpr (kDoor == Door::kRun) {
      run<Numbers>("add", t.y, {&t.a, &t.b}, kAdd, t.binary);
    } else {
      internal::dispatch<Numbers>("add", std::array{&t.y}, std::array{&t.a, &t.b}, kAdd, t.binary);
    }
  }
};

struct MulInPlace {
  template <Door kDoor, int kCopy>
  static void call(const Operands& t) {
    mark_copy<kCopy>();
    if constexpr (kDoor == Door::kRun) {
      run<Numbers>("mul_", t.y, {&t.y}, kMul, t.in_place, 1.0f);
    } else {
      internal::dispatch<Numbers>("mul_", std::array{&t.y}, std::array{&t.y}, kMul, t.in_place,
                                  1.0f);
    }
  }
};

template <typename Op, Door kDoor>
Variant variant(const Operands& t) {
  return [&]<int... kCopy>(std::integer_sequence<int, kCopy...>) {
    return Variant{[&t] { Op::template call<kDoor, kCopy>(t); }...};
  }
  (std::make_integer_sequence<int, kCopies>{});
}

template <typename Op>
Figure measure(std::string name, const Operands& t) {
  const Variant with_checks = variant<Op, Door::kRun>(t);
  const Variant without = variant<Op, Door::kDispatch>(t);
  const Paired paired = time_pairs(with_checks, without);
  const Paired null = time_pairs(with_checks, with_checks);
  return {.name = std::move(name),
          .unit = "ns",
          .value = paired.difference,
          .goal = kGoalNs,
          .beside = {{"null test", null.difference},
                     {"without checks", exactly(paired.second.median)}}};
}

class Parameters : public nn::Module {
 public:
  explicit Parameters(int64_t size)
      : a(add_parameter("a", {size}, nn::init::ones())),
        b(add_parameter("b", {size}, nn::init::ones())) {}

  Tensor& a;
  Tensor& b;
};

}  // namespace

Part measure_checks() {
  Part part{.title = "run's checks: a call of run, less one of internal::dispatch", .figures = {}};
  for (const int64_t size : kSizes) {
    const auto named = [&](const char* what) { return absl::StrCat(what, " [", size, "]"); };
    const Operands plain(ones({size}), ones({size}), ones({size}));
    const Parameters module(size);
    const Operands inputs(ones({size}), module.a, module.b);
    const Operands updated(module.a, module.a, module.b);
    part.figures.push_back(measure<MulInPlace>(named("mul_, plain"), plain));
    part.figures.push_back(measure<MulInPlace>(named("mul_, of a parameter"), updated));
    part.figures.push_back(measure<Add>(named("add, plain"), plain));
    part.figures.push_back(measure<Add>(named("add, of two parameters"), inputs));
  }
  return part;
}

}  // namespace hollow::benchmarks
