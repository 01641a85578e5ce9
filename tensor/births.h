// Tensors that were born in a meta scope and that no module lists, which no to_empty() or
// reset_parameters() of a module will ever reach: plain members, and handles on what is a slot no
// more.
#ifndef HOLLOW_TENSOR_BIRTHS_H_
#define HOLLOW_TENSOR_BIRTHS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tensor/op_name.h"
#include "tensor/tensor.h"

namespace hollow {

struct Birth {
  Tensor tensor;
  std::string op;      // "empty", "full", ...
  std::string within;  // the path of the child that was being built; empty in a root or outside
};

// The tensor, where it comes from, and what to do about it.
std::string describe(const Birth& birth);

// Says what this thread builds, for the births while it lives. The path outlives it.
class BirthPlace {
 public:
  explicit BirthPlace(absl::string_view path);
  ~BirthPlace();
  BirthPlace(const BirthPlace&) = delete;
  BirthPlace& operator=(const BirthPlace&) = delete;

  static absl::string_view current();

 private:
  static thread_local const BirthPlace* innermost_;

  const absl::string_view path_;
  const BirthPlace* const outer_;
};

// What was born on meta on one thread, from the begin of an outermost DeviceScope(Device::meta())
// to its end. Holds no tensor alive.
class Births {
 public:
  // Those of this thread's scope; null outside one.
  static const std::shared_ptr<Births>& current();

  // Remembers the tensor, which is on meta and no slot, or not any more, if this thread is in a
  // scope. `op` is a literal.
  static void note(OpName op, const Tensor& tensor);

  // Those that are alive and still on meta, in the order of their birth.
  std::vector<Birth> unlisted() const;

 private:
  struct Entry {
    Entry(OpName op_name, const Tensor& tensor)
        : storage(tensor.storage()),
          shape(tensor.shape()),
          op(op_name),
          within(BirthPlace::current()) {}

    std::weak_ptr<Storage> storage;
    Shape shape;
    OpName op;
    std::string within;
  };

  void add(OpName op, const Tensor& tensor);
  void make_room();

  // Filled by the scope's thread alone, so without a lock; who looks from another sees the first
  // count_. The lock is against looking while entries move.
  mutable std::mutex mutex_;
  std::vector<std::optional<Entry>> entries_;
  std::atomic<size_t> count_{0};
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_BIRTHS_H_
