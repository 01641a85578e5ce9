#include "benchmarks/ops.h"

#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/layer_scale_index_add.h"

namespace hollow::benchmarks {
namespace {

int64_t two_streams(const Operands& t) { return 2 * t.x.nbytes() + t.gamma.nbytes(); }
int64_t three_streams(const Operands& t) { return 3 * t.x.nbytes() + t.gamma.nbytes(); }

// As many rows of x as there are in the samples that are kept.
Tensor of_kept(const Operands& t) {
  const auto kept = static_cast<int64_t>(t.kept.size());
  return t.x.narrow(0, 0, t.x.size(0) / kSamples * kept).reshape({kept, -1, t.x.size(1)});
}
int64_t three_streams_of_kept(const Operands& t) {
  return 3 * of_kept(t).nbytes() + t.gamma.nbytes();
}

std::vector<Tensor> made(const Operands& t) { return {*t.made}; }
std::vector<Tensor> y(const Operands& t) { return {t.y}; }
std::vector<Tensor> x(const Operands& t) { return {t.x}; }
std::vector<Tensor> residual(const Operands& t) { return {t.residual}; }
std::vector<Tensor> grads(const Operands& t) { return {t.y, t.grad_gamma}; }

// A program drops the last tensor before it makes the next, or after: before is kinder to caches.
template <typename Make>
void make(Operands& t, Make make) {
  t.made.reset();
  t.made.emplace(make());
}

constexpr Op kOps[] = {
    {"forward", Pattern::kCopy, two_streams,
     [](Operands& t) { make(t, [&] { return layer_scale(t.x, t.gamma); }); }, made},
    {"forward_out", Pattern::kCopy, two_streams,
     [](Operands& t) { layer_scale_out(t.y, t.x, t.gamma); }, y},
    {"inplace", Pattern::kUpdate, two_streams, [](Operands& t) { layer_scale_(t.x, t.gamma); }, x},
    {"add", Pattern::kMerge, three_streams,
     [](Operands& t) { make(t, [&] { return layer_scale_add(t.residual, t.x, t.gamma); }); }, made},
    {"add_out", Pattern::kMerge, three_streams,
     [](Operands& t) { layer_scale_add_out(t.y, t.residual, t.x, t.gamma); }, y},
    // The residual grows until x is less than half its last place, and stays finite.
    {"add_inplace", Pattern::kMergeUpdate, three_streams,
     [](Operands& t) { layer_scale_add_(t.residual, t.x, t.gamma); }, residual},
    {"index_add", Pattern::kMergeUpdate, three_streams_of_kept,
     [](Operands& t) {
       const Tensor samples = t.residual.reshape({kSamples, -1, t.residual.size(1)});
       layer_scale_index_add_(samples, t.kept, of_kept(t), t.gamma);
     },
     residual, /*rows_of=*/kSamples},
    {"backward", Pattern::kMerge,
     [](const Operands& t) { return three_streams(t) + t.grad_gamma.nbytes(); },
     [](Operands& t) { layer_scale_backward_out(t.y, t.grad_gamma, t.residual, t.x, t.gamma); },
     grads},
};

}  // namespace

absl::Span<const Op> ops() { return kOps; }

}  // namespace hollow::benchmarks
