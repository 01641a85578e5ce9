// What fills a slot. A value that holds what it needs, so that it can fill the slot now, after
// to_empty, or again; all of it, or the box that one of several owners holds.
//
//   Writer ramp = [](const Tensor& tensor, RngKey) {
//     tensor.write<float>([](absl::Span<float> values) {
//       for (size_t i = 0; i < values.size(); ++i) values[i] = 0.5f * i;
//     });
//   };
//   ramp(whole, key);            // every element
//   ramp(part, key, shard);      // those of the shard, with the values that the whole has there
//
// A function of (tensor, key) is asked for wholes only: a shard, which no device may have to hold
// more than, is then cut from a whole that is made for the time on the host. One of (tensor, key,
// shard), where shard is null for a whole, computes the box alone, as the writers of nn/init do.
//
// A writer writes on the thread that calls it. What it has another thread of its own write counts
// as written by anybody, so that the slot cannot be released.
//
// Writers run on meta as well, where ops check shapes and dtypes and write nothing, and where the
// key is some key: a slot's own is derived when there is something to fill.
#ifndef HOLLOW_TENSOR_WRITER_H_
#define HOLLOW_TENSOR_WRITER_H_

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "tensor/rng_key.h"

namespace hollow {

class Tensor;
struct Shard;

namespace internal {

// Fills a whole that is made for it on the host, and copies the shard of it to `part`.
void write_cut(const Tensor& part, const Shard& shard,
               absl::FunctionRef<void(const Tensor& whole)> write);

}  // namespace internal

template <typename Fill>
concept WritesShards = std::invocable<Fill&, const Tensor&, RngKey, const Shard*>;
template <typename Fill>
concept WritesWholes = !WritesShards<Fill> && std::invocable<Fill&, const Tensor&, RngKey>;

class Writer {
 public:
  Writer() = default;
  Writer(std::nullptr_t) {}

  // Of an empty function, or a null one, an empty Writer.
  template <WritesShards Fill>
  Writer(Fill fill) {
    if (!is_empty(fill)) fill_ = std::move(fill);
  }
  template <WritesWholes Fill>
  requires(!std::same_as<Fill, Writer>) Writer(Fill fill) {
    if (is_empty(fill)) return;
    fill_ = [fill = std::move(fill)](const Tensor& tensor, RngKey key, const Shard* shard) mutable {
      if (shard == nullptr) return static_cast<void>(fill(tensor, key));
      internal::write_cut(tensor, *shard, [&](const Tensor& whole) { fill(whole, key); });
    };
  }

  friend bool operator==(const Writer& writer, std::nullptr_t) { return writer.fill_ == nullptr; }

  // Fills every element of the tensor, from the key if it is random. Throws Error(kWriter) where
  // this is empty.
  void operator()(const Tensor& tensor, RngKey key) const;
  // The tensor is the shard of a larger one. Throws Error(kShape) too, where it cannot be, and
  // Error(kWriter) for a function of wholes that leaves elements out.
  void operator()(const Tensor& tensor, RngKey key, const Shard& shard) const;

 private:
  template <typename Fill>
  static bool is_empty(const Fill& fill) {
    if constexpr (requires { fill == nullptr; }) {
      return fill == nullptr;
    } else {
      return false;
    }
  }
  void require_function() const;

  std::function<void(const Tensor& tensor, RngKey key, const Shard* shard)> fill_;
};

}  // namespace hollow

#endif  // HOLLOW_TENSOR_WRITER_H_
