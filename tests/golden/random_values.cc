#include "tests/golden/random_values.h"

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/strings/str_format.h"
#include "tensor/empty.h"
#include "tensor/ops/random.h"
#include "tensor/rng_key.h"
#include "tests/testing.h"

namespace hollow {
namespace {

constexpr int64_t kCount = 100'000;

struct Case {
  std::string name;
  std::function<void(const Tensor&, RngKey)> fill;
  DType dtype = DType::kF32;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> cases = {
      {"uniform [0, 1)", [](const Tensor& t, RngKey key) { uniform_(t, 0, 1, key); }},
      {"uniform [-0.125, 0.125)",
       [](const Tensor& t, RngKey key) { uniform_(t, -0.125, 0.125, key); }},
      {"normal 0 1", [](const Tensor& t, RngKey key) { normal_(t, 0, 1, key); }},
      {"normal 3 0.02", [](const Tensor& t, RngKey key) { normal_(t, 3, 0.02, key); }},
      {"trunc_normal 0 1 [-2, 2]",
       [](const Tensor& t, RngKey key) { trunc_normal_(t, 0, 1, -2, 2, key); }},
      {"trunc_normal 0 0.02 [-2, 2]",
       [](const Tensor& t, RngKey key) { trunc_normal_(t, 0, 0.02, -2, 2, key); }},
      {"trunc_normal 10 1 [-2, 2]",
       [](const Tensor& t, RngKey key) { trunc_normal_(t, 10, 1, -2, 2, key); }},
      {"trunc_normal 0 1 [-1e-6, 1e-6]",
       [](const Tensor& t, RngKey key) { trunc_normal_(t, 0, 1, -1e-6, 1e-6, key); }},
      {"bernoulli 0.3", [](const Tensor& t, RngKey key) { bernoulli_(t, 0.3, key); }, DType::kI64},
      {"randint [0, 50257)", [](const Tensor& t, RngKey key) { randint_(t, 0, 50257, key); },
       DType::kI64},
  };
  return cases;
}

// FNV-1a over the bits, so that each of them counts.
uint64_t digest(const std::vector<uint64_t>& bits) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint64_t word : bits) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ (word >> shift & 0xff)) * 0x100000001b3;
    }
  }
  return hash;
}

}  // namespace

std::string golden_random_values(Device device) {
  std::string text;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{42}, ~uint64_t{0}}) {
    for (const char* const name :
         {"gamma", "weight", "blocks.0.ls1.gamma", "blocks.10.ls1.gamma"}) {
      absl::StrAppendFormat(&text, "key %u %s: %016x\n", seed, name, (RngKey(seed) / name).bits());
    }
  }
  for (const RngKey key : {RngKey(0) / "w", (RngKey(42) / "w").with_generation(1)}) {
    for (const Case& each : cases()) {
      const Tensor tensor = empty({kCount}, {.dtype = each.dtype, .device = device});
      each.fill(tensor, key);
      const std::vector<uint64_t> bits = testing::bits(tensor);
      absl::StrAppendFormat(&text, "%s, %016x generation %d:", each.name, key.bits(),
                            key.generation());
      for (int i = 0; i < 8; ++i) absl::StrAppendFormat(&text, " %08x", bits[i]);
      absl::StrAppendFormat(&text, " ... digest of %d: %016x\n", kCount, digest(bits));
    }
  }
  return text;
}

}  // namespace hollow
