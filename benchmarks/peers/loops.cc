#include "benchmarks/peers/loops.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "kernels/cpu/parallel.h"

namespace hollow::benchmarks {
namespace {

constexpr int64_t kLeastElements = 1 << 14;  // for a thread of its own: as many as ours have

bool has_x86_64_v3() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi2");
#else
  return true;  // and the loops are compiled for what every processor has
#endif
}

template <typename Function>
void for_rows(int64_t rows, int64_t dim, Function function) {
  kernels::parallel_for(rows, std::max<int64_t>(1, kLeastElements / dim), 1,
                        [&](int64_t begin, int64_t end) { function(begin * dim, end - begin); });
}

struct Loops {
  ScaleRows scale;
  AddRows add;

  void scale_into(float* y, const Buffers& b) const {
    const auto* const x = static_cast<const float*>(b.x);
    const auto* const gamma = static_cast<const float*>(b.gamma);
    for_rows(b.rows, b.dim,
             [&](int64_t at, int64_t rows) { scale(y + at, x + at, gamma, rows, b.dim); });
  }

  void add_into(float* y, const Buffers& b) const {
    const auto* const x = static_cast<const float*>(b.x);
    const auto* const residual = static_cast<const float*>(b.residual);
    const auto* const gamma = static_cast<const float*>(b.gamma);
    for_rows(b.rows, b.dim, [&](int64_t at, int64_t rows) {
      add(y + at, residual + at, x + at, gamma, rows, b.dim);
    });
  }
};

// Sums of their own for each thread, and then those of all: in whichever order they come.
void backward_into(BackwardRows backward, const Buffers& b) {
  const auto* const grad_y = static_cast<const float*>(b.residual);
  const auto* const x = static_cast<const float*>(b.x);
  const auto* const gamma = static_cast<const float*>(b.gamma);
  auto* const grad_x = static_cast<float*>(b.y);
  auto* const grad_gamma = static_cast<float*>(b.grad_gamma);
  std::fill_n(grad_gamma, b.dim, 0.0f);
  std::mutex mutex;
  for_rows(b.rows, b.dim, [&](int64_t at, int64_t rows) {
    std::vector<float> sums(static_cast<size_t>(b.dim));
    backward(grad_x + at, sums.data(), grad_y + at, x + at, gamma, rows, b.dim);
    const std::lock_guard lock(mutex);
    for (int64_t c = 0; c < b.dim; ++c) grad_gamma[c] += sums[static_cast<size_t>(c)];
  });
}

// Sample by sample.
void index_add(AddRows add, const Buffers& b) {
  const int64_t rows = b.rows / b.samples, size = rows * b.dim;
  const auto* const x = static_cast<const float*>(b.x);
  const auto* const gamma = static_cast<const float*>(b.gamma);
  auto* const residual = static_cast<float*>(b.residual);
  const auto kept = static_cast<int64_t>(b.kept.size());
  kernels::parallel_for(kept, 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* const to = residual + b.kept[static_cast<size_t>(i)] * size;
      add(to, to, x + i * size, gamma, rows, b.dim);
    }
  });
}

using Into = void (Loops::*)(float* y, const Buffers& b) const;

template <typename Run>
PeerOp runs(std::string op, Run run) {
  return {
      std::move(op), {DType::kF32}, [=](const Buffers& b) { return Call{.run = [=] { run(b); }}; }};
}

PeerOp writes(std::string op, Loops loops, Into into, void* Buffers::*to) {
  return {std::move(op), {DType::kF32}, [=](const Buffers& b) {
            return Call{.run = [=] { (loops.*into)(static_cast<float*>(b.*to), b); }};
          }};
}

PeerOp makes(std::string op, Loops loops, Into into) {
  return {
      std::move(op), {DType::kF32}, [=](const Buffers& b) {
        const auto made = std::make_shared<std::unique_ptr<float[]>>();
        return Call{
            .run =
                [=] {
                  made->reset();
                  made->reset(new float[static_cast<size_t>(b.rows * b.dim)]);
                  (loops.*into)(made->get(), b);
                },
            .deliver = [=] { std::copy_n(made->get(), b.rows * b.dim, static_cast<float*>(b.y)); }};
      }};
}

}  // namespace

Peer peer_of_loops(std::string name, std::string about, ScaleRows scale, AddRows add,
                   BackwardRows backward) {
  if (!has_x86_64_v3()) return {std::move(name), "needs a processor with AVX2", {}};
  const Loops loops = {scale, add};
  Peer peer = {std::move(name),
               std::move(about),
               {
                   makes("forward", loops, &Loops::scale_into),
                   writes("forward_out", loops, &Loops::scale_into, &Buffers::y),
                   writes("inplace", loops, &Loops::scale_into, &Buffers::x),
                   makes("add", loops, &Loops::add_into),
                   writes("add_out", loops, &Loops::add_into, &Buffers::y),
                   writes("add_inplace", loops, &Loops::add_into, &Buffers::residual),
                   runs("index_add", [=](const Buffers& b) { index_add(add, b); }),
               }};
  if (backward != nullptr) {
    peer.ops.push_back(runs("backward", [=](const Buffers& b) { backward_into(backward, b); }));
  }
  return peer;
}

}  // namespace hollow::benchmarks
