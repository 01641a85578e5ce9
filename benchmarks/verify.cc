#include "benchmarks/verify.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "absl/strings/str_format.h"
#include "tensor/dtype_visit.h"
#include "tensor/empty.h"

namespace hollow::benchmarks {
namespace {

void* address(const Tensor& tensor) {
  void* result = nullptr;
  visit_dtype<Floats>("benchmark", tensor.dtype(), [&](auto tag) {
    result = tensor.mutable_data<typename decltype(tag)::Type>();
  });
  return result;
}

// A few units in the last place of values around 1, for the peers that round a product before they
// add to it; in f32 more, for sums in another order.
double tolerance(DType dtype) {
  return dtype == DType::kF32 ? 1e-5 : dtype == DType::kF16 ? 4e-3 : 3e-2;
}

struct Block {
  int64_t first_row;
  std::vector<float> values;
};

std::vector<Block> sample(const Tensor& tensor) {
  constexpr int64_t kRows = 64;
  constexpr int64_t kBlocks = 8;
  const Tensor rows = tensor.dim() == 2 ? tensor : tensor.reshape({1, -1});
  const int64_t count = rows.size(0);
  if (count <= kRows * kBlocks) return {{0, rows.to_vector<float>()}};
  std::vector<Block> blocks;
  for (int64_t i = 0; i < kBlocks; ++i) {
    const int64_t first = (count - kRows) * i / (kBlocks - 1);
    blocks.push_back({first, rows.narrow(0, first, kRows).to_vector<float>()});
  }
  return blocks;
}

std::vector<std::vector<Block>> samples(const std::vector<Tensor>& tensors) {
  std::vector<std::vector<Block>> all;
  for (const Tensor& tensor : tensors) all.push_back(sample(tensor));
  return all;
}

void compare(const Block& ours, const Block& theirs, int64_t dim, double tolerance) {
  for (size_t i = 0; i < ours.values.size(); ++i) {
    const double want = ours.values[i];
    const double difference = std::abs(theirs.values[i] - want);
    if (difference <= tolerance * std::max(1.0, std::abs(want))) continue;
    const int64_t at = static_cast<int64_t>(i);
    throw std::runtime_error(
        absl::StrFormat("computes something else: %.9g, where ours is %.9g, in row %d, column %d",
                        theirs.values[i], want, ours.first_row + at / dim, at % dim));
  }
}

}  // namespace

Buffers buffers(const Operands& t) {
  return {.dtype = t.x.dtype(),
          .rows = t.x.size(0),
          .dim = t.x.size(1),
          .x = address(t.x),
          .residual = address(t.residual),
          .y = address(t.y),
          .gamma = address(t.gamma),
          .grad_gamma = address(t.grad_gamma),
          .kept = t.kept,
          .samples = kSamples};
}

void verify(const Op& op, const PeerOp& peer, Operands t) {
  // By signs alone multiplication could not be told from division.
  t.gamma = empty_like(t.gamma);
  t.gamma.write<float>([](absl::Span<float> values) {
    for (size_t c = 0; c < values.size(); ++c) {
      const float size = 0.5f + static_cast<float>(c * 37 % 64) / 64.0f;
      values[c] = c % 3 == 0 ? -size : size;
    }
  });
  reset(t);
  op.run(t);
  const auto ours = samples(op.results(t));

  reset(t);
  const Call call = peer.prepare(buffers(t));
  call.run();
  if (call.deliver) call.deliver();
  std::vector<Tensor> written = op.results(t);
  if (t.made.has_value()) written = {t.y};
  const auto theirs = samples(written);
  reset(t);

  for (size_t i = 0; i < ours.size(); ++i) {
    for (size_t k = 0; k < ours[i].size(); ++k) {
      compare(ours[i][k], theirs.at(i).at(k), t.gamma.numel(), tolerance(t.x.dtype()));
    }
  }
}

}  // namespace hollow::benchmarks
