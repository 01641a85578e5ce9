// Rule 10 of docs/semantics.md, by making memory end at every place where it can: an operation is
// begun anew with the first, the second, the third ... allocation failing, until it succeeds.
//
// Each failure is Error(kOutOfMemory). Until values are being written it has changed nothing; from
// there on each tensor has its values, or it is known that it has not. The same call again, with
// memory, gives what it gives where nothing ever failed.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nn/audit.h"
#include "nn/deep_copy.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/materialize.h"
#include "nn/module.h"
#include "nn/state_dict.h"
#include "tensor/births.h"
#include "tensor/factory.h"
#include "tensor/format.h"
#include "tensor/memory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tensor/placement.h"
#include "tensor/timeline.h"
#include "tests/semantics/toy_model.h"
#include "tests/testing.h"

// --- the program's own operator new, which can be told to fail once ---

namespace {

std::atomic<int64_t> allocations_until_fault{-1};  // none is to fail where it is negative
std::atomic<bool> fault_has_struck{false};
std::atomic<int64_t> live_allocations{0};
thread_local bool faults_are_paused = false;

bool fault_strikes() {
  if (faults_are_paused || allocations_until_fault.load() < 0) return false;
  if (allocations_until_fault.fetch_sub(1) != 0) return false;
  fault_has_struck = true;
  return true;
}

void* allocate(size_t size, size_t alignment) noexcept {
  if (fault_strikes()) return nullptr;
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(size == 0 ? 1 : size)
                           : std::aligned_alloc(alignment, (size / alignment + 1) * alignment);
  if (memory != nullptr) ++live_allocations;
  return memory;
}

void* allocate_or_throw(size_t size, size_t alignment) {
  void* const memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void deallocate(void* memory) noexcept {
  if (memory != nullptr) --live_allocations;
  std::free(memory);
}

constexpr size_t kPlain = alignof(std::max_align_t);

}  // namespace

void* operator new(size_t size) { return allocate_or_throw(size, kPlain); }
void* operator new[](size_t size) { return allocate_or_throw(size, kPlain); }
void* operator new(size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return allocate(size, kPlain); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return allocate(size, kPlain); }
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete[](void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, size_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, size_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { deallocate(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  deallocate(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  deallocate(memory);
}

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// --- the faults ---

enum class Kind {
  kHost,    // the n-th allocation of the host's fails, and no other
  kDevice,  // the tensors of the device may take n bytes more
};

class Fault {
 public:
  Fault(Kind kind, int64_t n) : kind_(kind) {
    fault_has_struck = false;
    if (kind == Kind::kHost) {
      allocations_until_fault = n;
    } else {
      set_memory_limit(Device::cpu(), memory_stats(Device::cpu()).bytes + n);
    }
  }
  ~Fault() { end(); }
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  void end() {
    if (kind_ == Kind::kHost) {
      allocations_until_fault = -1;
    } else {
      set_memory_limit(Device::cpu(), std::nullopt);
    }
  }

 private:
  const Kind kind_;
};

// While one lives nothing fails: for what the caller's own code allocates, whose exceptions are the
// caller's own.
class Pause {
 public:
  Pause() { faults_are_paused = true; }
  ~Pause() { faults_are_paused = false; }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
};

// --- what is looked at ---

// All that is known of a storage; its address too, unless two are to be compared.
std::string knowledge(const Storage& storage, bool with_address) {
  const StorageWord word = storage.word();
  std::string text =
      absl::StrCat(to_string(word.device()), " ", to_string(word.dtype()), " ",
                   to_string(word.state()), word.pristine() ? " pristine" : "",
                   word.sealed() ? " sealed" : "", storage.is_overwritten() ? " overwritten" : "",
                   storage.requires_grad() ? " requires_grad" : "");
  for (const WriteCount& each : storage.writes()) {
    absl::StrAppend(&text, " ", each.op, "*", each.count);
  }
  if (with_address) {
    absl::StrAppend(&text, " at ", absl::Hex(reinterpret_cast<uintptr_t>(storage.data())));
  }
  const Layout all = {{storage.numel()}, {1}, 0};
  const size_t size = item_size(word.dtype());
  const Ranges written = Ranges(0, storage.numel()).minus(storage.unwritten(all));
  for (const Range& range : written.ranges()) {
    const char* const first = static_cast<const char*>(storage.data());
    const auto at = [&](int64_t i) { return static_cast<size_t>(i) * size; };
    absl::StrAppend(&text, " [", range.begin, ":",
                    absl::BytesToHexString(
                        absl::string_view(first + at(range.begin), at(range.end - range.begin))),
                    "]");
  }
  return text;
}

std::vector<std::string> knowledge(const nn::Module& module, bool with_address = true) {
  std::vector<std::string> result;
  for (const nn::NamedSlot& slot : module.named_slots()) {
    result.push_back(absl::StrCat(slot.name, " ", to_string(slot.tensor.shape()), " + ",
                                  slot.tensor.storage_offset(), ": ",
                                  knowledge(*slot.tensor.storage(), with_address)));
  }
  return result;
}

struct Values {
  std::string name;
  std::vector<uint64_t> bits;

  friend bool operator==(const Values&, const Values&) = default;
};

void PrintTo(const Values& values, std::ostream* out) {
  *out << values.name << ::testing::PrintToString(values.bits);
}

std::vector<Values> values_of(const nn::Module& module) {
  std::vector<Values> result;
  for (const nn::NamedSlot& slot : module.named_slots()) {
    result.push_back({slot.name, bits(slot.tensor)});
  }
  return result;
}

bool is_everywhere(const nn::Module& module, Device device) {
  for (const nn::NamedSlot& slot : module.named_slots()) {
    if (slot.tensor.device() != device) return false;
  }
  return true;
}

// Every slot has these values, or is known not to.
void expect_values_or_none(const nn::Module& module, const std::vector<Values>& values) {
  const std::vector<nn::NamedSlot> slots = module.named_slots();
  ASSERT_EQ(slots.size(), values.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const Tensor& tensor = slots[i].tensor;
    if (tensor.is_initialized()) {
      EXPECT_EQ(bits(tensor), values[i].bits) << slots[i].name;
      continue;
    }
    EXPECT_NE(tensor.state(), State::kInitialized) << slots[i].name;
    EXPECT_FALSE(tensor.storage()->pristine()) << slots[i].name;
    expect_error(tensor.is_meta() ? ErrorCode::kMeta : ErrorCode::kUninitialized,
                 {absl::StrCat("\"", tensor.name(), "\"")}, [&] { bits(tensor); });
  }
}

// The error of a write that failed names what has no values now.
void expect_lists_unfinished(const std::string& error, const nn::Module& module) {
  EXPECT_THAT(error, HasSubstr("Unfinished: "));
  for (const std::shared_ptr<Storage>& storage : module.storages()) {
    if (storage->state() == State::kInitialized) continue;
    EXPECT_THAT(error, HasSubstr(absl::StrCat("\"", storage->origin()->name, "\"")));
  }
}

// --- the model: the toy, and on top of it a tie, a view, another dtype, and two passes ---

// Needs memory of its own twice: when some of the elements, and when all of them, have values that
// are not yet theirs.
void write_in_passes(const Tensor& tensor, RngKey key) {
  fill_(tensor.narrow(0, 0, 2), -3);
  const Tensor scale = full({3}, 2, {.dtype = tensor.dtype()});
  fill_(tensor, -4);
  const Tensor noise = empty({3}, {.dtype = tensor.dtype()});
  normal_(noise, 0, 1, key);
  tensor.copy_(mul(noise, scale));
}

struct Model : nn::Module {
  Model()
      : toy(add_child<ToyModel>("toy", 6, 1)),
        head(add_child<nn::Linear>("head", 6, 2)),
        low(add_parameter("low", {3}, write_in_passes, {.dtype = DType::kBF16})),
        tied(share_parameter("tied", toy.token)),
        row(share_buffer("row", toy.get_parameter("blocks.0.fc.weight").select(0, 2))) {}

  ToyModel& toy;
  nn::Linear& head;
  Tensor& low;
  Tensor& tied;
  Tensor& row;
};

std::unique_ptr<Model> described() {
  DeviceScope scope(Device::meta());
  return std::make_unique<Model>();
}

// Values that no writer gives: of all of a tensor, of a part, and sealed.
void plant(const Model& model) {
  const Tensor whole = model.toy.get_parameter("blocks.0.fc.weight");
  const Tensor part = model.toy.token;
  const Tensor sealed = model.toy.get_parameter("blocks.0.ls1.gamma");
  for (const Tensor& tensor : {whole, part, sealed}) to_empty(tensor, Device::cpu());
  whole.copy_(counting({6, 6}, {}, -77));
  part.narrow(1, 1, 3).copy_(counting({1, 3}, {}, -88));
  sealed.copy_(counting({6}, {}, -99));
  sealed.storage()->seal("plant");
}

// One tensor of each state that there is; what has values has planted ones.
std::unique_ptr<Model> half_done() {
  auto model = described();
  plant(*model);
  model->head.to_empty(Device::cpu());
  return model;
}

// What every way of finishing half_done() must come to.
std::vector<Values> finished() {
  const Model eager;
  plant(eager);
  return values_of(eager);
}

// A state dict that agrees with nothing that a writer gives.
nn::StateDict saved() {
  nn::StateDict result;
  std::vector<std::pair<const Storage*, Tensor>> known;  // ties bring the same values
  const Model eager;
  for (const nn::NamedTensor& each : eager.state_dict()) {
    std::optional<Tensor> values;
    for (const auto& [storage, tensor] : known) {
      if (storage == each.tensor.storage().get()) values = tensor;
    }
    if (!values.has_value()) {
      values = counting(each.tensor.shape(), {.dtype = each.tensor.dtype()},
                        static_cast<int64_t>(10 * result.size()));
      known.emplace_back(each.tensor.storage().get(), *values);
    }
    result.push_back({each.name, *values});
  }
  return result;
}

// What each name has after such a load; `row` is a view, and inv_freq is computed.
std::vector<Values> loaded() {
  Model eager;
  for (const nn::NamedTensor& each : saved()) {
    for (const nn::NamedTensor& own : eager.state_dict()) {
      if (own.name == each.name) own.tensor.copy_(each.tensor);
    }
  }
  return values_of(eager);
}

// --- the sweep ---

// An operation on a subject of its own. Made anew for each fault.
class Case {
 public:
  virtual ~Case() = default;
  // May be called again after it failed.
  virtual void operate() = 0;
  // It threw Error(kOutOfMemory).
  virtual void check_failure(const std::string& error) = 0;
  // It has been done, perhaps at the second try.
  virtual void check_success() = 0;

  int64_t bytes = 0;  // of tensors, when the operation began
};

// What left operate(), and never anything but that: "" where nothing did.
std::string failure_of(Case& subject, Fault& fault) {
  try {
    subject.operate();
    fault.end();
  } catch (const Error& error) {
    fault.end();
    EXPECT_EQ(error.code(), ErrorCode::kOutOfMemory) << error.what();
    return error.what();
  } catch (const std::exception& exception) {
    fault.end();
    ADD_FAILURE() << "not an Error: " << typeid(exception).name();
    return "?";
  }
  return "";
}

// Whether the operation succeeded at once.
template <typename AnyCase>
bool survives(Kind kind, int64_t n) {
  AnyCase subject;
  subject.bytes = memory_stats(Device::cpu()).bytes;
  Fault fault(kind, n);
  const std::string error = failure_of(subject, fault);
  if (!error.empty()) {
    EXPECT_TRUE(kind == Kind::kDevice || fault_has_struck) << error;
    subject.check_failure(error);
    EXPECT_NO_THROW(subject.operate());
  }
  subject.check_success();
  // A fault that was survived is one of memory that was not needed (std::stable_sort), and says
  // nothing of the next one.
  return error.empty() && !fault_has_struck;
}

int64_t count_live_allocations() {
  Births::current();  // outside a scope, drops those of this thread's last one
  return live_allocations;
}

template <typename AnyCase>
void sweep(Kind kind) {
  survives<AnyCase>(Kind::kHost, int64_t{1} << 40);  // what is made once in a process is made now
  for (int64_t n = 0;; ++n) {
    const ::testing::ScopedTrace trace(
        "", 0, absl::StrCat(kind == Kind::kHost ? "host" : "device", " memory ended after ", n));
    const int64_t allocations = count_live_allocations();
    const int64_t bytes = memory_stats(Device::cpu()).bytes;
    const bool done = survives<AnyCase>(kind, n);
    EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes);
    EXPECT_EQ(default_device(), Device::cpu());
    if (::testing::Test::HasFailure()) return;  // the first one tells it
    ASSERT_EQ(count_live_allocations(), allocations);
    if (done) return;
    ASSERT_LT(n, 100000);
  }
}

// Keeps what was, of the model that it is given.
class ModelCase : public Case {
 public:
  explicit ModelCase(std::unique_ptr<Model> subject)
      : model(std::move(subject)), before(knowledge(*model)) {}

  bool is_unchanged() const { return knowledge(*model) == before; }
  void expect_unchanged() const {
    EXPECT_EQ(knowledge(*model), before);
    EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes);
  }
  // Either nothing happened, or all has memory and values are being written.
  void expect_unchanged_or_begun(const std::string& error,
                                 const std::vector<Values>& values) const {
    if (is_unchanged()) return expect_unchanged();
    EXPECT_TRUE(is_everywhere(*model, Device::cpu())) << error;
    expect_values_or_none(*model, values);
    expect_lists_unfinished(error, *model);
  }

  const std::unique_ptr<Model> model;
  const std::vector<std::string> before;
};

class OutOfMemoryTest : public ::testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Of, OutOfMemoryTest, ::testing::Values(Kind::kHost, Kind::kDevice),
                         [](const auto& kind) {
                           return kind.param == Kind::kHost ? "TheHost" : "TheDevice";
                         });

TEST_P(OutOfMemoryTest, ToEmpty) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {}
    void operate() override { model->to_empty(Device::cpu()); }
    void check_failure(const std::string& error) override {
      expect_unchanged();
      if (error.find("bytes") != std::string::npos) {
        EXPECT_THAT(error, HasSubstr("nothing was changed"));
      }
    }
    void check_success() override {
      EXPECT_TRUE(is_everywhere(*model, Device::cpu()));
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(values_of(*model), finished());
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ToEmptyOfATensor) {
  struct Subject : ModelCase {
    Subject() : ModelCase(described()) {}
    void operate() override { to_empty(model->row, Device::cpu()); }
    void check_failure(const std::string&) override { expect_unchanged(); }
    void check_success() override { EXPECT_EQ(model->row.state(), State::kAllocated); }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, Materialize) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {}
    void operate() override { nn::materialize(*model, Device::cpu()); }
    void check_failure(const std::string& error) override {
      EXPECT_THAT(error, StartsWith("materialize: "));  // whatever it calls on the way
      expect_unchanged_or_begun(error, finished());
      EXPECT_EQ(bits(model->tied.narrow(1, 1, 3)), bits(counting({1, 3}, {}, -88)));
    }
    void check_success() override { EXPECT_EQ(values_of(*model), finished()); }
  };
  sweep<Subject>(GetParam());
}

// What looks, and changes nothing: here it ends in the look that the error names.
TEST_P(OutOfMemoryTest, Looking) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {
      zeros({2});
      timeline.stop();
    }
    void operate() override {
      const auto look = [&](absl::string_view name, auto function) {
        op = name;
        function();
      };
      look("named_parameters", [&] { model->named_parameters(); });
      look("named_buffers", [&] { model->named_buffers(); });
      look("state_dict", [&] { model->state_dict(); });
      look("named_slots", [&] { model->named_slots(); });
      look("storages", [&] { model->storages(); });
      look("unlisted", [&] { model->unlisted(); });
      look("children", [&] { model->children(); });
      look("modules", [&] { model->modules(); });
      look("apply", [&] { model->apply([](nn::Module&) {}); });
      std::optional<nn::Audit> audit;
      look("audit", [&] { audit = nn::audit(*model); });
      look("to_string", [&] { nn::to_string(*audit); });
      look("to_string", [&] { to_string(model->tied); });
      const Tensor values = model->toy.get_parameter("blocks.0.fc.weight").transpose(0, 1);
      look("to_vector", [&] { values.to_vector<double>(); });
      look("item", [&] { values.select(0, 1).select(0, 2).item<double>(); });
      look("to_string", [&] { to_string(values); });
      look("reshape", [&] { values.reshape({-1}); });
      look("allclose", [&] { allclose(values, values, {}); });
      look("same_bits", [&] { same_bits(values, values.transpose(0, 1)); });
      look("events", [&] { timeline.events(); });
      look("to_text", [&] { timeline.to_text(); });
      look("to_chrome_trace", [&] { timeline.to_chrome_trace(); });
    }
    void check_failure(const std::string& error) override {
      EXPECT_THAT(error, StartsWith(absl::StrCat(op, ": ")));
      expect_unchanged();
    }
    void check_success() override { expect_unchanged(); }

    Timeline timeline;
    absl::string_view op;
  };
  sweep<Subject>(GetParam());
}

// More than a shape holds without memory of its own.
TEST_P(OutOfMemoryTest, SixDimensions) {
  struct Subject : Case {
    void operate() override {
      const auto call = [&](absl::string_view name, auto function) {
        op = name;
        function();
      };
      call("transpose", [&] { x.transpose(0, 4); });
      call("permute", [&] { x.permute(order); });
      call("narrow", [&] { x.narrow(4, 1, 2); });
      call("select", [&] { x.select(4, 1); });
      call("expand", [&] { row.expand(x.shape()); });
      call("contiguous", [&] { crossed.contiguous(); });
      call("clone", [&] { crossed.clone(); });
      call("to", [&] { x.to(DType::kBF16); });
      call("copy_", [&] { crossed.copy_(row); });
      call("empty", [&] { empty(x.shape()); });
      call("add", [&] { add(x, row); });
      call("mul_", [&] { mul_(crossed, row); });
      call("fill_", [&] { fill_(crossed, 2.0); });
      call("sum", [&] { sum(x); });
      call("mean", [&] { mean(crossed); });
      call("normal_", [&] { normal_(crossed, 0, 1, RngKey(1)); });
    }
    void check_failure(const std::string& error) override {
      EXPECT_THAT(error, StartsWith(absl::StrCat(op, ": ")));
      EXPECT_TRUE(x.is_initialized());
    }
    void check_success() override { EXPECT_TRUE(x.is_initialized()); }

    const Tensor x = zeros({2, 1, 2, 1, 3, 1});
    const Tensor row = ones({1, 1, 1, 1, 1, 1});
    const Tensor crossed = x.transpose(0, 4);
    const Shape order = {5, 4, 3, 2, 1, 0};
    absl::string_view op;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, MaterializeOfATensor) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {}
    void operate() override {
      nn::materialize(model->tied, Device::cpu());
      nn::materialize(model->toy.inv_freq, Device::cpu());
    }
    void check_failure(const std::string&) override {
      expect_values_or_none(*model, finished());
      EXPECT_EQ(bits(model->tied.narrow(1, 1, 3)), bits(counting({1, 3}, {}, -88)));
    }
    void check_success() override {
      EXPECT_TRUE(model->tied.is_initialized());
      EXPECT_TRUE(model->toy.inv_freq.is_initialized());
      EXPECT_TRUE(model->low.is_meta());
      expect_values_or_none(*model, finished());
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ResetParameters) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) { model->to_empty(Device::cpu()); }
    // The same, had nobody planted anything but what is sealed.
    static std::vector<Values> reset() {
      Model eager;
      plant(eager);
      eager.reset_parameters();
      return values_of(eager);
    }
    void operate() override { model->reset_parameters(); }
    void check_failure(const std::string& error) override {
      const std::vector<Values> old = finished(), fresh = reset();
      const std::vector<nn::NamedSlot> slots = model->named_slots();
      for (size_t i = 0; i < slots.size(); ++i) {
        if (!slots[i].tensor.is_initialized()) continue;
        const std::vector<uint64_t> now = bits(slots[i].tensor);
        EXPECT_TRUE(now == old[i].bits || now == fresh[i].bits) << slots[i].name;
      }
      EXPECT_TRUE(model->toy.get_parameter("blocks.0.ls1.gamma").storage()->sealed());
      if (error.find("the writer of") != std::string::npos) expect_lists_unfinished(error, *model);
    }
    void check_success() override { EXPECT_EQ(values_of(*model), reset()); }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ToADType) {
  struct Subject : ModelCase {
    Subject() : ModelCase(with_computed()) {}
    static std::unique_ptr<Model> with_computed() {
      auto model = half_done();
      nn::materialize(model->toy.inv_freq, Device::cpu());
      return model;
    }
    void operate() override { model->to(DType::kBF16); }
    void check_failure(const std::string& error) override {
      if (is_unchanged()) return expect_unchanged();
      // All are converted, and what is computed is being computed.
      EXPECT_EQ(model->tied.dtype(), DType::kBF16);
      EXPECT_EQ(model->head.weight().dtype(), DType::kBF16);
      EXPECT_EQ(model->toy.inv_freq.dtype(), DType::kBF16);
      if (!model->toy.inv_freq.is_initialized()) {
        EXPECT_THAT(error, HasSubstr("\"toy.inv_freq\""));
        nn::materialize(model->toy.inv_freq, Device::cpu());
      }
    }
    void check_success() override {
      const auto expected = with_computed();
      expected->to(DType::kBF16);
      for (size_t i = 0; i < model->named_slots().size(); ++i) {
        const nn::NamedSlot ours = model->named_slots()[i];
        const nn::NamedSlot theirs = expected->named_slots()[i];
        EXPECT_EQ(ours.tensor.dtype(), theirs.tensor.dtype()) << ours.name;
        EXPECT_EQ(ours.tensor.state(), theirs.tensor.state()) << ours.name;
        if (theirs.tensor.is_initialized()) {
          EXPECT_EQ(bits(ours.tensor), bits(theirs.tensor)) << ours.name;
        }
      }
      EXPECT_EQ(bits(model->tied.narrow(1, 1, 3)), bits(expected->tied.narrow(1, 1, 3)));
    }
  };
  sweep<Subject>(GetParam());
}

// Two buffers that are computed from w, with other bits than what they held would round to.
struct Thirds : nn::Module {
  Tensor& w = add_parameter("w", {3}, nn::init::uniform());
  Tensor& third = add_computed("third", 1.0 / 3);
  Tensor& seventh = add_computed("seventh", 1.0 / 7);

 private:
  Tensor& add_computed(const char* name, double factor) {
    return add_buffer(
        name, {3}, [this, factor](const Tensor& tensor, RngKey) { tensor.copy_(mul(w, factor)); },
        nn::Persistent::kNo);
  }
};

TEST_P(OutOfMemoryTest, ToADTypeComputesAnewOrLeavesNoValues) {
  struct Subject : Case {
    void operate() override { thirds.to(DType::kBF16); }
    void check_failure(const std::string& error) override {
      if (thirds.w.dtype() == DType::kF32) return;
      for (const Tensor& each : {thirds.third, thirds.seventh}) {
        if (each.is_initialized()) continue;
        EXPECT_THAT(error, HasSubstr(each.name()));
      }
      expect_computed(/*all=*/false);
    }
    void check_success() override { expect_computed(/*all=*/true); }
    void expect_computed(bool all) {
      for (const auto& [tensor, factor] :
           {std::pair(thirds.third, 1.0 / 3), std::pair(thirds.seventh, 1.0 / 7)}) {
        if (!all && !tensor.is_initialized()) continue;
        EXPECT_EQ(bits(tensor), bits(mul(thirds.w, factor)));
      }
    }
    Thirds thirds;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ATieIsFollowedOrLeavesNoValues) {
  struct Subject : Case {
    Subject() { other = &thirds.add_child<nn::Module>("other").add_parameter("w", {3}, nullptr); }
    void operate() override {
      if (first_time) fill_(*other, 5);
      first_time = false;
      thirds.share_parameter("w", *other);
    }
    void check_failure(const std::string&) override { expect_computed(); }
    void check_success() override {
      nn::materialize(thirds, Device::cpu());
      expect_computed();
      EXPECT_TRUE(thirds.w.is_same(*other));
    }
    void expect_computed() {
      for (const auto& [tensor, factor] :
           {std::pair(thirds.third, 1.0 / 3), std::pair(thirds.seventh, 1.0 / 7)}) {
        if (!tensor.is_initialized()) continue;
        EXPECT_EQ(bits(tensor), bits(mul(thirds.w, factor)));
      }
    }
    Thirds thirds;
    const Tensor* other;
    bool first_time = true;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, LoadStateDictIntoMeta) {
  struct Subject : ModelCase {
    Subject() : ModelCase(described()) {}
    void operate() override { nn::load_state_dict(*model, values); }
    void check_failure(const std::string& error) override {
      expect_unchanged_or_begun(error, loaded());
      for (const nn::NamedSlot& slot : model->named_slots()) {
        if (slot.tensor.storage()->sealed()) {
          EXPECT_TRUE(slot.tensor.is_initialized()) << slot.name;
        }
      }
    }
    void check_success() override {
      EXPECT_EQ(values_of(*model), loaded());
      EXPECT_TRUE(model->low.storage()->sealed());
    }
    const nn::StateDict values = saved();
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, LoadOrInit) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {
      for (const nn::NamedTensor& each : saved()) {
        if (is_saved(each.name)) values.push_back(each);
      }
    }
    static bool is_saved(const std::string& name) {
      return name == "low" || name == "head.weight" || name == "toy.mask";
    }
    static std::vector<Values> expected() {
      std::vector<Values> result = finished();
      const std::vector<Values> from_load = loaded();
      for (size_t i = 0; i < result.size(); ++i) {
        if (is_saved(result[i].name)) result[i] = from_load[i];
      }
      return result;
    }
    void operate() override { nn::load_or_init(*model, values); }
    void check_failure(const std::string& error) override {
      expect_unchanged_or_begun(error, expected());
      EXPECT_EQ(bits(model->tied.narrow(1, 1, 3)), bits(counting({1, 3}, {}, -88)));
    }
    void check_success() override {
      EXPECT_EQ(values_of(*model), expected());
      EXPECT_TRUE(model->low.storage()->sealed());
      EXPECT_FALSE(model->toy.steps.storage()->sealed());
    }
    nn::StateDict values;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, DeepCopy) {
  struct Subject : ModelCase {
    Subject() : ModelCase(source()) {}
    static std::unique_ptr<Model> source() {
      auto model = half_done();
      model->set_writer("low", nn::init::constant(5));
      nn::materialize(model->head.weight(), Device::cpu());  // pristine
      return model;
    }
    void operate() override {
      twin = nn::deep_copy(*model, [] {
        const Pause pause;
        return std::make_unique<Model>();
      });
    }
    void check_failure(const std::string&) override {
      expect_unchanged();
      EXPECT_EQ(twin, nullptr);
    }
    void check_success() override {
      EXPECT_EQ(knowledge(*model), before);
      EXPECT_EQ(knowledge(*twin, /*with_address=*/false),
                knowledge(*model, /*with_address=*/false));
      nn::materialize(*twin, Device::cpu());
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(values_of(*twin), values_of(*model));
    }
    std::unique_ptr<Model> twin;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, SetWriter) {
  struct Subject : ModelCase {
    Subject() : ModelCase(std::make_unique<Model>()) {}
    void operate() override { model->set_writer("head.weight", nn::init::constant(-5)); }
    void check_failure(const std::string&) override {
      const std::vector<std::string> now = knowledge(*model);
      ASSERT_EQ(now.size(), before.size());
      for (size_t i = 0; i < now.size(); ++i) {
        // What is computed is computed anew after it, and that may be what fails.
        const bool written =
            now[i].rfind("head.weight ", 0) == 0 || now[i].rfind("toy.inv_freq ", 0) == 0;
        if (!written) {
          EXPECT_EQ(now[i], before[i]);
        }
      }
      expect_values_or_none(*model, values_of(Model()));
      // The old writer is in its place.
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(values_of(*model), values_of(Model()));
      model->reset_parameters();
      EXPECT_EQ(values_of(*model), values_of(Model()));
    }
    void check_success() override {
      EXPECT_EQ(bits(model->head.weight()), bits(full({2, 6}, -5)));
      model->reset_parameters();
      EXPECT_EQ(bits(model->head.weight()), bits(full({2, 6}, -5)));
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, SetWriterOnMeta) {
  struct Subject : ModelCase {
    Subject() : ModelCase(half_done()) {}
    void operate() override { model->set_writer("low", nn::init::constant(-5)); }
    void check_failure(const std::string&) override {
      expect_unchanged();
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(values_of(*model), finished());
    }
    void check_success() override {
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(bits(model->low), bits(full({3}, -5, {.dtype = DType::kBF16})));
    }
  };
  sweep<Subject>(GetParam());
}

// A parent that had slots and children before.
class ParentCase : public ModelCase {
 public:
  ParentCase()
      : ModelCase(std::make_unique<Model>()), children(model->children()), first(&model->low) {}

  void check_failure(const std::string&) override {
    expect_unchanged();
    EXPECT_EQ(model->children(), children);
    EXPECT_EQ(&model->low, first);
  }
  // The parent's own slots come first, and the children's after them.
  void expect_old_slots() const {
    const std::vector<std::string> now = knowledge(*model);
    for (const std::string& each : before) EXPECT_THAT(now, ::testing::Contains(each));
    ASSERT_GE(model->children().size(), children.size());
    for (size_t i = 0; i < children.size(); ++i) EXPECT_EQ(model->children()[i], children[i]);
  }

  const std::vector<nn::Module*> children;
  const Tensor* const first;
};

TEST_P(OutOfMemoryTest, AddParameterAndAddBuffer) {
  struct Subject : ParentCase {
    // Each in its turn; the second try goes on where the first one ended.
    void operate() override {
      const auto has = [&](absl::string_view name) {
        const Pause pause;
        for (const nn::NamedSlot& slot : model->named_slots()) {
          if (slot.name == name) return true;
        }
        return false;
      };
      if (!has("extra")) model->add_parameter("extra", {5, 2}, nn::init::normal());
      if (!has("also")) {
        model->add_buffer("also", {4}, ToyModel::write_mask, nn::Persistent::kNo,
                          {.dtype = DType::kBool});
      }
    }
    void check_failure(const std::string&) override {
      const std::vector<std::string> now = knowledge(*model);
      if (now.size() == before.size()) return ParentCase::check_failure("");
      ASSERT_EQ(now.size(), before.size() + 1);
      EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes + 5 * 2 * 4);
      expect_old_slots();
    }
    void check_success() override {
      expect_old_slots();
      const Model eager;
      EXPECT_EQ(bits(model->get_parameter("extra")), bits(randn({5, 2}, RngKey(0) / "extra")));
      EXPECT_EQ(model->get_buffer("also").to_vector<bool>(),
                (std::vector<bool>{true, false, false, true}));
      EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes + 5 * 2 * 4 + 4 + eager_bytes(eager));
    }
    static int64_t eager_bytes(const Model& eager) {
      int64_t sum = 0;
      for (const std::shared_ptr<Storage>& storage : eager.storages()) sum += storage->nbytes();
      return sum;
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, AddChild) {
  struct Subject : ParentCase {
    void operate() override { model->add_child<ToyModel>("extra", 6, 1); }
    void check_success() override {
      expect_old_slots();
      // The twin of the one that was there: other names, and so other values.
      const auto expected = std::make_unique<Model>();
      expected->add_child<ToyModel>("extra", 6, 1);
      EXPECT_EQ(values_of(*model), values_of(*expected));
      EXPECT_TRUE(model->get_submodule("extra.blocks.0.fc").path() == "extra.blocks.0.fc");
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, AddChildOnMeta) {
  struct Subject : ParentCase {
    void operate() override {
      DeviceScope scope(Device::meta());
      model->add_child<ToyModel>("extra", 6, 1);
    }
    void check_success() override {
      EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes);
      expect_old_slots();
      nn::materialize(*model, Device::cpu());
      const auto expected = std::make_unique<Model>();
      expected->add_child<ToyModel>("extra", 6, 1);
      EXPECT_EQ(values_of(*model), values_of(*expected));
    }
  };
  sweep<Subject>(GetParam());
}

// So many that they are looked up in a table, without which it goes on where memory ends.
TEST_P(OutOfMemoryTest, AModuleOfManyNames) {
  struct Subject : Case {
    void operate() override {
      DeviceScope scope(Device::meta());
      many.emplace();
      for (char name[] = "a"; name[0] <= 'z'; ++name[0]) {
        many->add_parameter(name, {2}, nn::init::ones());
        name[0] += 'A' - 'a';
        many->add_child<nn::Module>(name);
        name[0] -= 'A' - 'a';
      }
    }
    void check_failure(const std::string&) override {}
    void check_success() override {
      EXPECT_EQ(many->named_slots().size(), 26u);
      EXPECT_EQ(many->children().size(), 26u);
      expect_error(ErrorCode::kKey, {"\"a\" is already"},
                   [&] { many->add_child<nn::Module>("a"); });
      expect_error(ErrorCode::kKey, {"\"Z\" is already"},
                   [&] { many->add_parameter("Z", {2}, nn::init::ones()); });
    }
    std::optional<nn::Module> many;
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ShareChild) {
  struct Subject : ParentCase {
    void operate() override { model->share_child("again", model->head); }
    void check_success() override {
      expect_old_slots();
      EXPECT_EQ(&model->get_submodule("again"), &model->head);
      EXPECT_EQ(memory_stats(Device::cpu()).bytes, bytes);
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, ShareParameter) {
  struct Subject : ParentCase {
    // A new slot; and one that is re-pointed, which drops its own storage.
    void operate() override {
      model->share_parameter("new", model->low);
      model->toy.share_parameter("token", model->toy.token);
    }
    void check_success() override {
      expect_old_slots();
      EXPECT_TRUE(model->get_parameter("new").is_same(model->low));
    }
  };
  sweep<Subject>(GetParam());
}

TEST_P(OutOfMemoryTest, Release) {
  struct Subject : ModelCase {
    Subject() : ModelCase(std::make_unique<Model>()) {}
    void operate() override { model->release(); }
    void check_failure(const std::string&) override { expect_unchanged(); }
    void check_success() override {
      EXPECT_TRUE(is_everywhere(*model, Device::meta()));
      nn::materialize(*model, Device::cpu());
      EXPECT_EQ(values_of(*model), values_of(Model()));
    }
  };
  sweep<Subject>(GetParam());
}

// What is known of a tensor that is written in parts is not more than what was written.
TEST_P(OutOfMemoryTest, WritingInParts) {
  struct Subject : Case {
    void operate() override {
      for (int64_t column = 0; column < 5; column += 2) fill_(table.select(1, column), 7);
      fill_(table, 7);
    }
    void check_failure(const std::string&) override {
      for (int64_t row = 0; row < 3; ++row) {
        for (int64_t column = 0; column < 5; ++column) {
          const Tensor element = table.select(0, row).select(0, column);
          if (element.is_initialized()) {
            EXPECT_EQ(element.item<float>(), 7.0f);
          }
        }
      }
    }
    void check_success() override { EXPECT_EQ(bits(table), bits(full({3, 5}, 7))); }
    const Tensor table = empty({3, 5});
  };
  sweep<Subject>(GetParam());
}

// A timeline that finds no memory loses an event, and nothing else fails because of it.
TEST(OutOfMemoryTest, AnOpThatIsDoneGoesUncountedRatherThanFail) {
  nn::Module module;
  const Tensor w = module.add_parameter("w", {2}, nn::init::ones());
  {
    Fault fault(Kind::kHost, 0);
    fill_(w, 7.0);
  }
  EXPECT_TRUE(fault_has_struck);
  EXPECT_EQ(w.to_vector<float>(), (std::vector<float>{7, 7}));
  EXPECT_TRUE(w.storage()->is_overwritten());
}

TEST(OutOfMemoryTest, ATimelineDropsEvents) {
  const Tensor tensor = zeros({4});
  const Tensor other = zeros({4});
  for (int64_t n = 0;; ++n) {
    const ::testing::ScopedTrace trace("", 0, absl::StrCat("host memory ended after ", n));
    const Timeline timeline(Timeline::Clock::kSteps);
    {
      Fault fault(Kind::kHost, n);
      EXPECT_NO_THROW(fill_(tensor, 1));
      EXPECT_NO_THROW(fill_(other, 1));
    }
    const std::vector<Event> events = timeline.events();
    ASSERT_EQ(static_cast<int64_t>(events.size()) + timeline.dropped(), 2);
    ASSERT_LE(timeline.dropped(), 1);
    for (const Event& event : events) {
      EXPECT_EQ(event.op, "fill_");
      EXPECT_EQ(event.thread, 1);
    }
    if (timeline.dropped() == 1) {
      EXPECT_THAT(timeline.to_text(), HasSubstr("1 events were dropped"));
    }
    if (!fault_has_struck) break;
  }
  EXPECT_EQ(bits(tensor), bits(ones({4})));
}

}  // namespace
}  // namespace hollow
