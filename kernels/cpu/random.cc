#include "kernels/random.h"

#include <algorithm>
#include <type_traits>

#include "kernels/cpu/choose_isa.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/random_blocks.h"
#include "kernels/cpu/rows.h"
#include "kernels/distributions.h"
#include "kernels/philox.h"
#include "kernels/scalar.h"

namespace hollow::kernels {
namespace {

constexpr int64_t kGrain = 1 << 12;  // elements
constexpr int64_t kUnit = 1 << 10;   // whole blocks of every distribution

// What blocks are made as: f32 for the types that no instruction set has.
template <typename T, typename Distribution>
using Made = std::conditional_t<kIsFloating<T>, T, typename Distribution::Value>;

// Where blocks come from.
template <typename Distribution>
struct Source {
  RandomStream stream;
  const Distribution& fill;
  Isa isa;

  template <typename T>
  void run(T* y, uint64_t first, int64_t blocks) const {
    on_isa<T>([&]<Isa kIsa>() { random_run<kIsa>(y, first, blocks, stream, fill); });
  }

  template <typename T>
  void list(T* y, const uint64_t* numbers, int64_t blocks) const {
    on_isa<T>([&]<Isa kIsa>() { random_list<kIsa>(y, numbers, blocks, stream, fill); });
  }

 private:
  // Integers and f64 have no vectors.
  template <typename T, typename Function>
  void on_isa(Function function) const {
    if constexpr (std::is_same_v<typename Distribution::Value, float> &&
                  sizeof(T) <= sizeof(float)) {
      visit_isa(isa, function);
    } else {
      function.template operator()<Isa::kPortable>();
    }
  }
};

// Elements that are not whole blocks in a row: remembers which blocks they need, and where their
// values go, and makes many blocks at once.
template <typename T, typename Distribution>
class Scattered {
 public:
  explicit Scattered(const Source<Distribution>& source) : source_(source) {}
  ~Scattered() { flush(); }
  Scattered(const Scattered&) = delete;
  Scattered& operator=(const Scattered&) = delete;

  // y[i * y_step] = element first + i * step, for 0 <= i < count.
  void add(T* y, int64_t y_step, uint64_t first, uint64_t step, int64_t count) {
    const bool in_a_row = step == 1;
    while (count > 0) {
      const uint64_t block = first / kPerBlock;
      const int word = static_cast<int>(first % kPerBlock);
      // As many as there are blocks left for.
      const int64_t room = in_a_row ? (kBlocks - size_) * kPerBlock - word : 1;
      const int64_t here = std::min(count, room);
      if (here <= 0 || size_ == kBlocks) {
        flush();
        continue;
      }
      pieces_[num_pieces_++] = {y, y_step, size_ * kPerBlock + word, static_cast<int>(here)};
      const int blocks = static_cast<int>((word + here + kPerBlock - 1) / kPerBlock);
      for (int i = 0; i < blocks; ++i) numbers_[size_ + i] = block + static_cast<uint64_t>(i);
      size_ += blocks;
      y += here * y_step;
      first += static_cast<uint64_t>(here) * step;
      count -= here;
    }
  }

 private:
  static constexpr int kPerBlock = Distribution::kPerBlock;
  static constexpr int kBlocks = 128;
  static_assert(kBlocks % kBlocksAtOnce == 0);

  // values_[from] and the next ones go to y, y + step, ...
  struct Piece {
    T* y;
    int64_t step;
    int from;
    int count;
  };

  void flush() {
    source_.list(values_, numbers_, size_);
    for (int i = 0; i < num_pieces_; ++i) {
      const Piece& piece = pieces_[i];
      const auto* const from = values_ + piece.from;
      if (piece.step == 1) {
        for (int j = 0; j < piece.count; ++j) piece.y[j] = convert<T>(from[j]);
      } else {
        for (int j = 0; j < piece.count; ++j) piece.y[j * piece.step] = convert<T>(from[j]);
      }
    }
    size_ = num_pieces_ = 0;
  }

  const Source<Distribution>& source_;
  int size_ = 0;
  int num_pieces_ = 0;
  uint64_t numbers_[kBlocks] = {};
  Piece pieces_[kBlocks];  // each has a block at least
  Made<T, Distribution> values_[kPerBlock * kBlocks];
};

// y[i] = element first + i, for 0 <= i < count: all but the ends are whole blocks.
template <typename T, typename Distribution>
void fill_row(T* y, uint64_t first, int64_t count, const Source<Distribution>& source,
              Scattered<T, Distribution>& scattered) {
  constexpr int64_t kPerBlock = Distribution::kPerBlock;
  const int64_t before = static_cast<int64_t>(first % kPerBlock);
  const int64_t head = std::min(count, (kPerBlock - before) % kPerBlock);
  const int64_t blocks = (count - head) / kPerBlock;
  const int64_t body = head + kPerBlock * blocks;
  scattered.add(y, 1, first, 1, head);
  source.run(y + head, (first + static_cast<uint64_t>(head)) / kPerBlock, blocks);
  scattered.add(y + body, 1, first + static_cast<uint64_t>(body), 1, count - body);
}

// Below this a row's ends cost more than making its blocks together with those of other rows.
constexpr int64_t kLongRow = 256;

template <typename T, typename Distribution>
void fill_range(T* y, const Strided<2>& index, int64_t first, int64_t begin, int64_t end,
                const Source<Distribution>& source) {
  Scattered<T, Distribution> scattered(source);
  for_each_row(index, begin, end, [&](const Row<2>& row) {
    T* const to = y + row.first[0];
    const auto element = static_cast<uint64_t>(first + row.first[1]);
    if constexpr (std::is_same_v<T, Made<T, Distribution>>) {
      if (row.is_contiguous() && row.count >= kLongRow) {
        return fill_row(to, element, row.count, source, scattered);
      }
    }
    scattered.add(to, row.step[0], element, static_cast<uint64_t>(row.step[1]), row.count);
  });
}

}  // namespace

template <typename T, typename Distribution>
void random(Cpu, T* y, const Strided<2>& index, int64_t first, RandomStream stream,
            const Distribution& fill) {
  const Source<Distribution> source = {stream, fill, isa()};
  parallel_for(index.numel, kGrain, kUnit, [&](int64_t begin, int64_t end) {
    fill_range(y, index, first, begin, end, source);
  });
}

#define RANDOM(T, Distribution) \
  template void random(Cpu, T*, const Strided<2>&, int64_t, RandomStream, const Distribution&);
HOLLOW_RANDOM(RANDOM)

}  // namespace hollow::kernels
