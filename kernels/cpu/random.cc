#include "kernels/random.h"

#include <algorithm>
#include <type_traits>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/random_blocks.h"
#include "kernels/distributions.h"
#include "kernels/dtypes.h"
#include "kernels/philox.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kGrain = 1 << 12;  // elements; whole blocks of every distribution

// What blocks are made as: f32 for the types that no instruction set has.
template <typename T, typename Distribution>
using Made = std::conditional_t<kIsFloating<T>, T, typename Distribution::Value>;

// Integers have no vectors.
template <typename Distribution, typename Function>
void on_isa(Function function) {
  if constexpr (std::is_same_v<typename Distribution::Value, float>) {
    visit_isa(isa(), function);
  } else {
    function.template operator()<Isa::kPortable>();
  }
}

// Elements that are not whole blocks in a row: remembers which blocks they need, and where their
// values go, and makes many blocks at once.
template <typename T, typename Distribution>
class Scattered {
 public:
  Scattered(RandomStream stream, const Distribution& fill) : stream_(stream), fill_(fill) {}
  ~Scattered() { flush(); }
  Scattered(const Scattered&) = delete;
  Scattered& operator=(const Scattered&) = delete;

  // y[i * y_step] = element first + i * step, for 0 <= i < count.
  void add(T* y, int64_t y_step, int64_t first, int64_t step, int64_t count) {
    while (count > 0) {
      const int64_t word = first % kPerBlock;
      const int64_t here = step == 1 ? std::min(count, kPerBlock - word) : 1;
      if (size_ == kBlocks) flush();
      numbers_[size_] = static_cast<uint64_t>(first / kPerBlock);
      pieces_[size_++] = {y, y_step, static_cast<int>(word), static_cast<int>(here)};
      y += here * y_step;
      first += here * step;
      count -= here;
    }
  }

 private:
  static constexpr int64_t kPerBlock = Distribution::kPerBlock;
  static constexpr int kBlocks = 64;
  static_assert(kBlocks % kBlocksAtOnce == 0);

  struct Piece {
    T* y;
    int64_t step;
    int word;
    int count;
  };

  void flush() {
    on_isa<Distribution>(
        [&]<Isa kIsa>() { random_list<kIsa>(values_, numbers_, size_, stream_, fill_); });
    for (int i = 0; i < size_; ++i) {
      const Piece& piece = pieces_[i];
      const auto* const from = values_ + kPerBlock * i + piece.word;
      for (int j = 0; j < piece.count; ++j) piece.y[j * piece.step] = convert<T>(from[j]);
    }
    size_ = 0;
  }

  const RandomStream stream_;
  const Distribution& fill_;
  int size_ = 0;
  uint64_t numbers_[kBlocks] = {};
  Piece pieces_[kBlocks];
  Made<T, Distribution> values_[kPerBlock * kBlocks];
};

// y[i] = element first + i, for 0 <= i < count: all but the ends are whole blocks.
template <typename T, typename Distribution>
void fill_row(T* y, int64_t first, int64_t count, RandomStream stream, const Distribution& fill,
              Scattered<T, Distribution>& scattered) {
  constexpr int64_t kPerBlock = Distribution::kPerBlock;
  const int64_t head = std::min(count, (kPerBlock - first % kPerBlock) % kPerBlock);
  const int64_t blocks = (count - head) / kPerBlock;
  const int64_t body = head + kPerBlock * blocks;
  scattered.add(y, 1, first, 1, head);
  on_isa<Distribution>([&]<Isa kIsa>() {
    random_run<kIsa>(y + head, static_cast<uint64_t>((first + head) / kPerBlock), blocks, stream,
                     fill);
  });
  scattered.add(y + body, 1, first + body, 1, count - body);
}

// Below this a row's ends cost more than making its blocks together with those of other rows.
constexpr int64_t kLongRow = 256;

template <typename T, typename Distribution>
void fill_range(T* y, const Strided<2>& index, int64_t first, int64_t begin, int64_t end,
                RandomStream stream, const Distribution& fill) {
  Scattered<T, Distribution> scattered(stream, fill);
  const int last = index.rank - 1;
  const int64_t row = index.contiguous ? index.numel : index.size[last];
  const int64_t y_step = index.contiguous ? 1 : index.stride[0][last];
  const int64_t step = index.contiguous ? 1 : index.stride[1][last];
  for (int64_t i = begin; i < end;) {
    const int64_t count = std::min(row - i % row, end - i);
    T* const to = y + index.offset(0, i);
    const int64_t element = first + index.offset(1, i);
    const bool is_row = y_step == 1 && step == 1 && count >= kLongRow;
    if constexpr (std::is_same_v<T, Made<T, Distribution>>) {
      if (is_row) fill_row(to, element, count, stream, fill, scattered);
    }
    if (!is_row || !std::is_same_v<T, Made<T, Distribution>>) {
      scattered.add(to, y_step, element, step, count);
    }
    i += count;
  }
}

}  // namespace

template <typename T, typename Distribution>
void random(Cpu, T* y, const Strided<2>& index, int64_t first, RandomStream stream,
            const Distribution& fill) {
  parallel_for(index.numel, kGrain, [&](int64_t begin, int64_t end) {
    fill_range(y, index, first, begin, end, stream, fill);
  });
}

#define RANDOM(T, Distribution) \
  template void random(Cpu, T*, const Strided<2>&, int64_t, RandomStream, const Distribution&);
#define FLOAT(T)         \
  RANDOM(T, UniformFill) \
  RANDOM(T, NormalFill)  \
  RANDOM(T, TruncatedNormalFill)
HOLLOW_FLOATS(FLOAT)
#define BERNOULLI(T) RANDOM(T, BernoulliFill)
HOLLOW_ALL(BERNOULLI)
RANDOM(int64_t, IntegerFill)

}  // namespace hollow::kernels
