#include "benchmarks/initializers.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "benchmarks/clock.h"
#include "benchmarks/json.h"
#include "benchmarks/libm_loops.h"
#include "benchmarks/streams.h"
#include "tensor/empty.h"
#include "tensor/json_string.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"
#include "tensor/run.h"
#include "tensor/shard.h"
#include "tensor/threads.h"

namespace hollow::benchmarks {
namespace {

constexpr int kRounds = 7;
constexpr int64_t kLarge = int64_t{64} << 20;   // bytes: in no cache
constexpr int64_t kSmall = int64_t{256} << 10;  // in every L2
constexpr double kSampleSeconds = 0.003;

struct Initializer {
  const char* name;
  std::vector<DType> dtypes;
  std::function<void(const Tensor&, const Shard*)> fill;
  LibmLoop libm;
};

const std::vector<Initializer>& initializers() {
  static const RngKey key = RngKey(0) / "weight";
  static const std::vector<DType> floats = {DType::kF32, DType::kBF16, DType::kF16};
  static const std::vector<Initializer> all = {
      {"constant", floats, [](const Tensor& t, const Shard*) { fill_(t, 0.5); }, libm_constant},
      {"uniform", floats,
       [](const Tensor& t, const Shard* shard) { uniform_(t, -0.5, 0.5, key, shard); },
       libm_uniform},
      {"normal", floats,
       [](const Tensor& t, const Shard* shard) { normal_(t, 0, 0.02, key, shard); }, libm_normal},
      {"trunc_normal", floats,
       [](const Tensor& t, const Shard* shard) { trunc_normal_(t, 0, 1, -2, 2, key, shard); },
       libm_trunc_normal},
      {"bernoulli",
       {DType::kF32},
       [](const Tensor& t, const Shard* shard) { bernoulli_(t, 0.3, key, shard); },
       libm_bernoulli},
      {"randint",
       {DType::kI64},
       [](const Tensor& t, const Shard* shard) { randint_(t, 0, 50257, key, shard); },
       nullptr},
  };
  return all;
}

// Calls of it a second; of several calls where one is too short to be timed.
double calls_per_second(const std::function<void()>& call) {
  const Stopwatch first;
  call();
  const double once = std::max(first.seconds(), 1e-9);
  const int64_t calls = static_cast<int64_t>(kSampleSeconds / once);
  if (calls < 2) return 1 / once;
  const Stopwatch watch;
  for (int64_t i = 0; i < calls; ++i) call();
  return static_cast<double>(calls) / watch.seconds();
}

struct StoreKernel {
  template <typename T>
  void operator()(kernels::Cpu, T* y, Stream stream, int64_t bytes) const {
    char* const to = reinterpret_cast<char*>(y);
    run_stream(stream, Threads::kAll, to, to, to, bytes);
  }
  template <typename T>
  void operator()(kernels::Cuda, T*, Stream, int64_t) const {}
};

// Measured before each case of a round, on the case's memory and threads; the best of all cases of
// that size counts.
class StoreCeilings {
 public:
  double sample(const Tensor& y, int threads) {
    double& best = best_[{y.nbytes(), threads}];
    for (const Stream stream : store_streams()) {
      const double calls =
          calls_per_second([&] { run<AllTypes>("ceiling", y, StoreKernel{}, stream, y.nbytes()); });
      best = std::max(best, calls * static_cast<double>(y.nbytes()));
    }
    return best;
  }

 private:
  std::map<std::pair<int64_t, int>, double> best_;
};

// Elements a second of each loop: once is enough, and takes long.
class LibmRates {
 public:
  double of(LibmLoop loop) {
    if (loop == nullptr) return 0;
    double& rate = rates_[loop];
    if (rate == 0) {
      rate = static_cast<double>(kNumel) * calls_per_second([&] { loop(values_.data(), kNumel); });
    }
    return rate;
  }

 private:
  static constexpr int64_t kNumel = int64_t{1} << 20;
  std::vector<float> values_ = std::vector<float>(kNumel, 1.0f);
  std::map<LibmLoop, double> rates_;
};

// Part `index` of `count` of the columns of a tensor.
struct Columns {
  int64_t index, count;
};

struct Case {
  const Initializer* initializer;
  DType dtype;
  int64_t bytes;
  int threads;
  std::optional<Columns> columns;  // else the tensor is the whole
};

std::vector<Case> cases(int all_threads) {
  std::vector<Case> result;
  for (const Initializer& each : initializers()) {
    for (const DType dtype : each.dtypes) {
      result.push_back({&each, dtype, kSmall, 1, std::nullopt});
      for (const int threads : std::set<int>{1, all_threads}) {
        result.push_back({&each, dtype, kLarge, threads, std::nullopt});
      }
    }
    if (each.libm == libm_normal) {
      result.push_back({&each, DType::kF32, kLarge, 1, Columns{1, 4}});
      result.push_back({&each, DType::kF32, kLarge, 1, Columns{3, 256}});
    }
  }
  return result;
}

std::string where(const Case& each) {
  const std::string size = each.bytes >= (1 << 20) ? absl::StrCat(each.bytes >> 20, " MiB")
                                                   : absl::StrCat(each.bytes >> 10, " KiB");
  if (!each.columns) return size;
  return absl::StrCat(size, ", columns ", each.columns->index, "/", each.columns->count);
}

// All of a vector, or columns of a matrix that is as wide as a model.
Shard shard_of(const Case& each) {
  const int64_t numel = each.bytes / static_cast<int64_t>(item_size(each.dtype));
  if (!each.columns) return whole_of({numel});
  constexpr int64_t kWidth = 4096;
  const auto [index, count] = *each.columns;
  return chunk({numel / (kWidth / count), kWidth}, 1, index, count);
}

Rate measure(const Case& each, StoreCeilings& ceilings, LibmRates& libm) {
  const Shard shard = shard_of(each);
  const Tensor tensor = empty(shard.shape, {.dtype = each.dtype});
  const auto fill = [&] { each.initializer->fill(tensor, each.columns ? &shard : nullptr); };
  fill();  // what comes of fresh pages is not a rate
  Rate rate = {.initializer = each.initializer->name,
               .dtype = std::string(to_string(each.dtype)),
               .where = where(each),
               .threads = each.threads};
  double calls = 0;
  for (int round = 0; round < kRounds; ++round) {
    rate.ceiling_bytes = ceilings.sample(tensor, each.threads);
    calls = std::max(calls, calls_per_second(fill));
  }
  rate.bytes = calls * static_cast<double>(tensor.nbytes());
  rate.elements = calls * static_cast<double>(tensor.numel());
  rate.libm_elements = libm.of(each.initializer->libm);
  return rate;
}

}  // namespace

std::vector<Rate> measure_initializers(Progress& progress) {
  const int all_threads = num_threads();
  const std::vector<Case> all = cases(all_threads);
  progress.start(static_cast<int>(all.size()), isatty(STDERR_FILENO) == 1);
  std::vector<Rate> rates;
  StoreCeilings ceilings;
  LibmRates libm;
  for (const Case& each : all) {
    progress.at(absl::StrCat(each.initializer->name, "/", to_string(each.dtype), "/", where(each)));
    set_num_threads(each.threads);
    rates.push_back(measure(each, ceilings, libm));
  }
  set_num_threads(all_threads);
  progress.finish();
  return rates;
}

std::string to_table(absl::Span<const Rate> rates) {
  std::string table =
      absl::StrFormat("%-13s %-5s %-22s %7s %8s %8s %5s %7s\n", "initializer", "dtype", "tensor",
                      "threads", "GB/s", "ceiling", "%", "x libm");
  for (size_t i = 0; i < rates.size(); ++i) {
    const Rate& each = rates[i];
    if (i > 0 && each.initializer != rates[i - 1].initializer) table += '\n';
    absl::StrAppendFormat(&table, "%-13s %-5s %-22s %7d %8.2f %8.2f %5.0f", each.initializer,
                          each.dtype, each.where, each.threads, each.bytes * 1e-9,
                          each.ceiling_bytes * 1e-9, 100 * each.bytes / each.ceiling_bytes);
    if (each.libm_elements > 0) {
      absl::StrAppendFormat(&table, " %7.1f", each.elements / each.libm_elements);
    }
    table += '\n';
  }
  return table;
}

std::string to_json(absl::Span<const std::pair<std::string, std::string>> context,
                    absl::Span<const Rate> rates) {
  std::vector<std::string> elements;
  for (const Rate& each : rates) {
    elements.push_back(absl::StrFormat(
        "{\"initializer\": %s, \"dtype\": %s, \"tensor\": %s, \"threads\": %d, "
        "\"bytes_per_second\": %.0f, \"ceiling_bytes_per_second\": %.0f, "
        "\"elements_per_second\": %.0f, \"libm_elements_per_second\": %.0f}",
        json_string(each.initializer), json_string(each.dtype), json_string(each.where),
        each.threads, each.bytes, each.ceiling_bytes, each.elements, each.libm_elements));
  }
  return json_table(context, "rates", elements);
}

}  // namespace hollow::benchmarks
