// What only a GPU can show: placement, streams and memory there. Values are the business of
// tests/parity and tests/golden, which are linked into the same binary.

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "nn/containers.h"
#include "nn/layer_scale.h"
#include "nn/linear.h"
#include "tensor/memory.h"
#include "tensor/ops/allclose.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/layer_scale.h"
#include "tensor/ops/layer_scale_backward.h"
#include "tensor/ops/layer_scale_index_add.h"
#include "tensor/ops/random.h"
#include "tensor/ops/reduce.h"
#include "tensor/placement.h"
#include "tensor/stream.h"
#include "tests/testing.h"

namespace hollow {
namespace {

using testing::bits;
using testing::counting;
using testing::expect_error;

class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Device::cuda_count() == 0) GTEST_SKIP() << Device::why_no_cuda();
  }

  const Device gpu_ = Device::cuda(0);
};

// Where nobody expects one, a machine without is as good.
TEST(GpuBundleTest, FindsTheGpuThatItsRunnerExpects) {
  if (std::getenv("HOLLOW_EXPECT_GPU") == nullptr) return;
  ASSERT_GT(Device::cuda_count(), 0) << Device::why_no_cuda();
}

TEST_F(GpuTest, TheStory) {
  std::unique_ptr<nn::LayerScale> ls;
  {
    DeviceScope scope(Device::meta());
    ls = std::make_unique<nn::LayerScale>(1024, nn::LayerScaleOptions{.init_values = 1e-5f});
  }
  ls->to_empty(gpu_);
  expect_error(ErrorCode::kUninitialized, {"\"gamma\" [1024] f32 on cuda:0 (allocated)"},
               [&] { (void)ls->gamma().to_vector<float>(); });
  ls->reset_parameters();
  EXPECT_EQ(mean(ls->gamma()).item<float>(), 1e-5f);
  EXPECT_EQ(std(ls->gamma()).item<float>(), 0.0f);
}

TEST_F(GpuTest, ToEmptyMovesWhatIsReal) {
  const Tensor t = counting({1000}, {.device = Device::cpu()});
  const Tensor view = t.narrow(0, 10, 5);
  to_empty(t, gpu_);
  EXPECT_EQ(view.device(), gpu_);
  EXPECT_EQ(bits(view), bits(counting({5}, {.device = Device::cpu()}, 11)));
  to_empty(t, Device::cpu());
  EXPECT_EQ(bits(t), bits(counting({1000}, {.device = Device::cpu()})));
}

TEST_F(GpuTest, ModulesMoveAndConvert) {
  const nn::Linear expected(33, 17);
  nn::Linear linear(33, 17, {.device = gpu_});
  EXPECT_EQ(bits(linear.weight()), bits(expected.weight()));
  linear.to(DType::kBF16);
  EXPECT_EQ(bits(linear.weight()), bits(expected.weight().to(DType::kBF16)));
  linear.to(Device::cpu());
  EXPECT_EQ(linear.bias()->device(), Device::cpu());
}

TEST_F(GpuTest, LayerScaleEqualsTheCpu) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64}) {
    for (const int64_t dim : {1, 7, 384, 385, 1536, 4096}) {
      for (const int64_t rows : {0, 1, 33, 257}) {
        const Tensor x = randn({rows, dim}, RngKey(1), {.dtype = dtype, .device = Device::cpu()});
        const Tensor gamma = randn({dim}, RngKey(2), {.dtype = dtype, .device = Device::cpu()});
        const Tensor x_gpu = x.to(gpu_);
        const Tensor gamma_gpu = gamma.to(gpu_);
        EXPECT_EQ(bits(layer_scale(x_gpu, gamma_gpu)), bits(layer_scale(x, gamma)));
        layer_scale_(x_gpu, gamma_gpu);
        EXPECT_EQ(bits(x_gpu), bits(layer_scale(x, gamma)));
      }
    }
  }
}

// Every width of access that addresses allow, and more pairs of samples than a launch takes.
TEST_F(GpuTest, TheOtherFormsOfLayerScaleEqualTheCpu) {
  constexpr int64_t kSamples = 300;
  std::vector<int64_t> index;
  for (int64_t i = kSamples - 1; i >= 0; i -= i % 7 == 0 ? 2 : 1) index.push_back(i);
  const auto kept = static_cast<int64_t>(index.size());
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const int64_t dim : {1, 7, 96, 384, 385, 4096}) {
      const int64_t rows = dim > 1000 ? 1 : 5;
      for (const int64_t shift : {0, 1, 2, 4}) {
        const auto make = [&](int64_t samples, const char* name) {
          const Tensor flat = randn({samples * rows * dim + shift}, RngKey(3) / name,
                                    {.dtype = dtype, .device = Device::cpu()});
          return flat.narrow(0, shift, samples * rows * dim).reshape({samples, rows, dim});
        };
        // At the same place beside an address as on the host.
        const auto on_gpu = [&](const Tensor& tensor) {
          const Tensor flat = empty({tensor.numel() + shift}, {.dtype = dtype, .device = gpu_});
          const Tensor view = flat.narrow(0, shift, tensor.numel()).reshape(tensor.shape());
          view.copy_(tensor);
          return view;
        };
        const Tensor residual = make(kSamples, "r"), x = make(kSamples, "x"),
                     part = make(kept, "p");
        const Tensor gamma = randn({dim}, RngKey(4), {.dtype = dtype, .device = Device::cpu()});
        const Tensor r_gpu = on_gpu(residual), x_gpu = on_gpu(x), part_gpu = on_gpu(part);
        const Tensor gamma_gpu = gamma.to(gpu_);
        EXPECT_EQ(bits(layer_scale_add(r_gpu, x_gpu, gamma_gpu, 0.3)),
                  bits(layer_scale_add(residual, x, gamma, 0.3)));

        const LayerScaleGrads grads = layer_scale_backward(residual, x, gamma, 0.3);
        const LayerScaleGrads grads_gpu = layer_scale_backward(r_gpu, x_gpu, gamma_gpu, 0.3);
        EXPECT_EQ(bits(grads_gpu.x), bits(grads.x));
        const Tolerance rounding = {.relative = dtype == DType::kF32 ? 1e-4 : 2e-2,
                                    .absolute = dtype == DType::kF32 ? 1e-3 : 1e-1};
        EXPECT_TRUE(allclose(grads_gpu.gamma, grads.gamma, rounding));
        EXPECT_EQ(bits(grads_gpu.gamma),
                  bits(layer_scale_backward(r_gpu, x_gpu, gamma_gpu, 0.3).gamma));

        const LayerScaleGrads of_index =
            layer_scale_index_add_backward(residual, index, part, gamma);
        const LayerScaleGrads of_index_gpu =
            layer_scale_index_add_backward(r_gpu, index, part_gpu, gamma_gpu);
        EXPECT_EQ(bits(of_index_gpu.x), bits(of_index.x));
        EXPECT_TRUE(allclose(of_index_gpu.gamma, of_index.gamma, rounding));

        layer_scale_index_add_(residual, index, part, gamma, 0.3);
        layer_scale_index_add_(r_gpu, index, part_gpu, gamma_gpu, 0.3);
        EXPECT_EQ(bits(r_gpu), bits(residual));
        layer_scale_drop_path_add_(residual, index, x, gamma, -2);
        layer_scale_drop_path_add_(r_gpu, index, x_gpu, gamma_gpu, -2);
        ASSERT_EQ(bits(r_gpu), bits(residual)) << dtype << " " << dim << " " << shift;
      }
    }
  }
}

// Beside an L2 of 40 to 60 MiB each way in which a kernel may treat it (kernels/vector.h): at 30
// MiB what is in it is read and written past it by the forms of two or three tensors, at 75 by
// those in place, and at 110 all forms store past it.
TEST_F(GpuTest, LayerScaleLargerThanTheCacheEqualsTheCpu) {
  constexpr int64_t kSamples = 32, kDim = 1024;
  std::vector<int64_t> index;
  for (int64_t i = kSamples; i-- > 0;) index.push_back(i);
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const int64_t mib : {30, 75, 110}) {
      SCOPED_TRACE(::testing::Message() << dtype << " " << mib << " MiB");
      const int64_t sample_row = kSamples * kDim * static_cast<int64_t>(item_size(dtype));
      const int64_t rows = (mib << 20) / sample_row + 1;
      const auto make = [&](const char* name) {
        return randn({kSamples, rows, kDim}, RngKey(5) / name,
                     {.dtype = dtype, .device = Device::cpu()});
      };
      const Tensor x = make("x"), residual = make("r");
      const Tensor gamma = randn({kDim}, RngKey(6), {.dtype = dtype, .device = Device::cpu()});
      const Tensor x_gpu = x.to(gpu_), r_gpu = residual.to(gpu_), gamma_gpu = gamma.to(gpu_);
      // A difference of a hundred million bytes is not for print.
      const auto same = [](const Tensor& a, const Tensor& b) { return bits(a) == bits(b); };

      EXPECT_TRUE(same(layer_scale(x_gpu, gamma_gpu), layer_scale(x, gamma)));
      EXPECT_TRUE(same(layer_scale_add(r_gpu, x_gpu, gamma_gpu, 0.3),
                       layer_scale_add(residual, x, gamma, 0.3)));
      layer_scale_index_add_(r_gpu, index, x_gpu, gamma_gpu, 0.3);
      layer_scale_index_add_(residual, index, x, gamma, 0.3);
      EXPECT_TRUE(same(r_gpu, residual));

      const LayerScaleGrads grads = layer_scale_backward(residual, x, gamma);
      const Tolerance rounding = {.relative = dtype == DType::kF32 ? 1e-4 : 2e-2,
                                  .absolute = dtype == DType::kF32 ? 1e-2 : 1.0};
      const LayerScaleGrads grads_gpu = layer_scale_backward(r_gpu, x_gpu, gamma_gpu);
      EXPECT_TRUE(same(grads_gpu.x, grads.x));
      EXPECT_TRUE(allclose(grads_gpu.gamma, grads.gamma, rounding));
      const Tensor grad_gamma = empty({kDim}, {.dtype = dtype, .device = gpu_});
      layer_scale_backward_out(r_gpu, grad_gamma, r_gpu, x_gpu, gamma_gpu);
      EXPECT_TRUE(same(r_gpu, grads.x));
      EXPECT_TRUE(allclose(grad_gamma, grads.gamma, rounding));

      layer_scale_(x_gpu, gamma_gpu);
      layer_scale_(x, gamma);
      EXPECT_TRUE(same(x_gpu, x));
    }
  }
}

TEST_F(GpuTest, MoreThanTwoToTheThirtyOneElements) {
  const int64_t rows = (int64_t{1} << 31) / 4096 + 3;
  const Tensor x = empty({rows, 4096}, {.dtype = DType::kBF16, .device = gpu_});
  fill_(x, 3.0);
  layer_scale_(x, full({4096}, 0.5, {.dtype = DType::kBF16, .device = gpu_}));
  EXPECT_EQ(x.select(0, rows - 1).to_vector<float>(), std::vector<float>(4096, 1.5f));
}

// A long write on one stream, read at once on another, over and over with other values.
TEST_F(GpuTest, ResultsDoNotDependOnStreams) {
  const Tensor x = empty({1 << 24}, {.device = gpu_});
  for (int i = 0; i < 50; ++i) {
    {
      StreamScope scope(gpu_, 1 + i % 7);
      fill_(x, i);
      add_(x, 0.25);
    }
    StreamScope scope(gpu_, 8 + i % 5);
    EXPECT_EQ(x.narrow(0, (1 << 24) - 2, 2).to_vector<float>(),
              (std::vector<float>{i + 0.25f, i + 0.25f}));
  }
}

TEST_F(GpuTest, MemoryIsFreedOnTheStreamThatUsedItLast) {
  const int64_t before = memory_stats(gpu_).bytes;
  {
    const StreamScope first(gpu_, 1);
    std::vector<Tensor> sums;
    for (int i = 0; i < 50; ++i) {
      const Tensor sum = zeros({1 << 20}, {.device = gpu_});
      {
        const Tensor a = full({1 << 20}, i, {.device = gpu_});
        const StreamScope second(gpu_, 2);
        for (int j = 0; j < 20; ++j) add_(sum, a);
      }
      // The other stream is still reading what died; freed on this one, this would be its memory.
      const Tensor next = full({1 << 20}, -1000, {.device = gpu_});
      sums.push_back(sum);
    }
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(sums[i].narrow(0, (1 << 20) - 1, 1).item<float>(), 20.0f * i);
      EXPECT_EQ(mean(sums[i]).item<float>(), 20.0f * i);
    }
  }
  EXPECT_EQ(memory_stats(gpu_).bytes, before);
}

TEST_F(GpuTest, CopiesOfAnyLengthAndBeginning) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kF64, DType::kI64, DType::kBool}) {
    const Tensor from = full({70000}, 1, {.dtype = dtype, .device = gpu_});
    for (const int64_t length : {1, 3, 16, 1023, 16384, 16385, 69001}) {
      for (const int64_t begin : {0, 1, 8, 16}) {
        const Tensor to = full({70000}, 0, {.dtype = dtype, .device = gpu_});
        to.narrow(0, begin, length).copy_(from.narrow(0, begin, length));
        const std::vector<double> values = to.to_vector<double>();
        for (int64_t i = 0; i < 70000; ++i) {
          ASSERT_EQ(values[i], i >= begin && i < begin + length ? 1 : 0) << i << " of " << length;
        }
      }
    }
  }
}

TEST_F(GpuTest, ThreadsEnqueueAtOnce) {
  std::vector<std::thread> threads;
  std::vector<float> sums(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      StreamScope scope(gpu_, i);
      Tensor x = zeros({1 << 16}, {.device = gpu_});
      for (int j = 0; j < 100; ++j) add_(x, i + 1);
      sums[i] = mean(x).item<float>();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sums, (std::vector<float>{100, 200, 300, 400}));
}

TEST_F(GpuTest, OutOfMemoryLeavesTheModuleAsItWas) {
  DeviceScope scope(Device::meta());
  nn::Sequential model;
  model.append<nn::Linear>(100, 100);
  model.append<nn::Linear>(1 << 20, 1 << 20);  // 4 TiB
  const int64_t before = memory_stats(gpu_).bytes;
  expect_error(ErrorCode::kOutOfMemory, {"to_empty", "\"1.weight\"", "bytes free"},
               [&] { model.to_empty(gpu_); });
  EXPECT_TRUE(model.get_parameter("0.weight").is_meta());
  EXPECT_EQ(memory_stats(gpu_).bytes, before);
  synchronize(gpu_);
}

TEST_F(GpuTest, DevicesDoNotMix) {
  expect_error(ErrorCode::kDevice, {"add", "on cuda:0", "on cpu"},
               [&] { add(ones({3}, {.device = gpu_}), ones({3}, {.device = Device::cpu()})); });
}

TEST_F(GpuTest, ADeviceThatIsNotThere) {
  expect_error(ErrorCode::kDevice, {"cuda:127 is not there"},
               [] { ones({3}, {.device = Device::cuda(127)}); });
}

}  // namespace
}  // namespace hollow
