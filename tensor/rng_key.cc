#include "tensor/rng_key.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "kernels/philox.h"
#include "tensor/error.h"

namespace hollow {
namespace {

std::atomic<uint64_t> process_seed{0};
thread_local const RngScope* innermost = nullptr;

// FNV-1a (Fowler, Noll, Vo), 64 bits: the published offset basis and prime.
uint64_t fnv1a(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

constexpr uint32_t low(uint64_t bits) { return static_cast<uint32_t>(bits); }
constexpr uint32_t high(uint64_t bits) { return static_cast<uint32_t>(bits >> 32); }

uint64_t child(uint64_t key, absl::string_view name) {
  const uint64_t hash = fnv1a(name);
  const uint32_t counter[4] = {low(hash), high(hash), static_cast<uint32_t>(name.size()), 1};
  const uint32_t philox_key[2] = {low(key), high(key)};
  const kernels::Philox4x32 block = kernels::philox4x32_10(counter, philox_key);
  return block.word[0] | uint64_t{block.word[1]} << 32;
}

}  // namespace

RngKey RngKey::operator/(absl::string_view name) const {
  RngKey key = *this;
  for (absl::string_view rest = name;;) {
    const size_t dot = rest.find('.');
    const absl::string_view part = rest.substr(0, dot);
    if (part.empty()) {
      throw Error(ErrorCode::kKey, "RngKey",
                  absl::StrCat("\"", name, "\" is not a name: a part between dots is empty"));
    }
    key.bits_ = child(key.bits_, part);
    if (dot == absl::string_view::npos) return key;
    rest.remove_prefix(dot + 1);
  }
}

std::string to_string(RngKey key) {
  return absl::StrCat("RngKey(0x", absl::Hex(key.bits(), absl::kZeroPad16), ", generation ",
                      key.generation(), ")");
}

std::ostream& operator<<(std::ostream& out, RngKey key) { return out << to_string(key); }

RngKey default_rng_key() {
  if (innermost != nullptr) return innermost->key_;
  return RngKey(process_seed.load(std::memory_order_relaxed));
}

void manual_seed(uint64_t seed) { process_seed.store(seed, std::memory_order_relaxed); }

RngScope::RngScope(RngKey key) : key_(key), outer_(innermost) { innermost = this; }

RngScope::~RngScope() { innermost = outer_; }

}  // namespace hollow
