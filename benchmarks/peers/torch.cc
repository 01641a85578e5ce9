#include "benchmarks/peers/torch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace hollow::benchmarks {
namespace {

struct Tensors {
  at::Tensor x, residual, y, gamma;
};

Tensors tensors(const Buffers& b) {
  const at::ScalarType type = b.dtype == DType::kF32   ? at::kFloat
                              : b.dtype == DType::kF16 ? at::kHalf
                                                       : at::kBFloat16;
  const auto matrix = [&](void* data) { return at::from_blob(data, {b.rows, b.dim}, type); };
  return {matrix(b.x), matrix(b.residual), matrix(b.y), at::from_blob(b.gamma, {b.dim}, type)};
}

const std::vector<DType> kDTypes = {DType::kF32, DType::kBF16, DType::kF16};

PeerOp writes(std::string op, void (*run)(Tensors&)) {
  return {std::move(op), kDTypes, [=](const Buffers& b) {
            return Call{.run = [run, t = tensors(b)]() mutable { run(t); }};
          }};
}

PeerOp makes(std::string op, at::Tensor (*run)(Tensors&)) {
  return {std::move(op), kDTypes, [=](const Buffers& b) {
            const auto made = std::make_shared<at::Tensor>();
            return Call{
                .run =
                    [=, t = tensors(b)]() mutable {
                      made->reset();
                      *made = run(t);
                    },
                .deliver = [=] { std::memcpy(b.y, made->const_data_ptr(), made->nbytes()); }};
          }};
}

// As DINOv2 does: LayerScale of the branch, which is of the samples that are kept, then index_add_.
PeerOp index_add() {
  return {"index_add", kDTypes, [](const Buffers& b) {
            const auto kept = static_cast<int64_t>(b.kept.size());
            Tensors t = tensors(b);
            t.x = t.x.narrow(0, 0, b.rows / b.samples * kept).view({kept, -1, b.dim});
            t.residual = t.residual.view({b.samples, -1, b.dim});
            const at::Tensor index = at::tensor(b.kept, at::kLong);
            return Call{.run = [=]() mutable { t.residual.index_add_(0, index, t.x * t.gamma); }};
          }};
}

// Autograd's backward of x * gamma, over and over; the forward is run once.
PeerOp backward() {
  return {"backward", kDTypes, [](const Buffers& b) {
            const c10::InferenceMode with_gradients(false);
            Tensors t = tensors(b);
            t.x.requires_grad_();
            t.gamma.requires_grad_();
            const at::Tensor y = t.x * t.gamma;
            const auto grads = std::make_shared<torch::autograd::variable_list>();
            return Call{.run =
                            [=] {
                              const c10::InferenceMode off(false);
                              grads->clear();
                              *grads = torch::autograd::grad({y}, {t.x, t.gamma}, {t.residual},
                                                             /*retain_graph=*/true);
                            },
                        .deliver =
                            [=] {
                              std::memcpy(b.y, (*grads)[0].const_data_ptr(), (*grads)[0].nbytes());
                              std::memcpy(b.grad_gamma, (*grads)[1].const_data_ptr(),
                                          (*grads)[1].nbytes());
                            }};
          }};
}

// Of the calling thread, which is the one that runs the cases, for as long as there is one.
std::string start(int threads) {
  static const c10::InferenceMode no_gradients;
  at::set_num_threads(threads);
  return "libtorch " HOLLOW_TORCH_VERSION ", " + at::get_cpu_capability();
}

}  // namespace

Peer torch_peer(int threads) {
  return {"torch",
          start(threads) + ", its residual by addcmul",
          {
              makes("forward", [](Tensors& t) { return t.x * t.gamma; }),
              writes("forward_out", [](Tensors& t) { at::mul_out(t.y, t.x, t.gamma); }),
              writes("inplace", [](Tensors& t) { t.x.mul_(t.gamma); }),
              makes("add", [](Tensors& t) { return at::addcmul(t.residual, t.x, t.gamma); }),
              writes("add_out", [](Tensors& t) { at::addcmul_out(t.y, t.residual, t.x, t.gamma); }),
              writes("add_inplace", [](Tensors& t) { t.residual.addcmul_(t.x, t.gamma); }),
              index_add(),
              backward(),
          }};
}

Peer torch_expr_peer(int threads) {
  return {"torch_expr",
          start(threads) + ", its residual by residual + x * gamma",
          {
              makes("add", [](Tensors& t) { return t.residual + t.x * t.gamma; }),
              writes("add_inplace", [](Tensors& t) { t.residual.add_(t.x * t.gamma); }),
          }};
}

}  // namespace hollow::benchmarks
