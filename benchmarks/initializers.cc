#include "benchmarks/initializers.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "benchmarks/clock.h"
#include "benchmarks/libm_loops.h"
#include "benchmarks/streams.h"
#include "tensor/empty.h"
#include "tensor/ops/fill.h"
#include "tensor/ops/random.h"
#include "tensor/shard.h"
#include "tensor/threads.h"

namespace hollow::benchmarks {
namespace {

constexpr int kRounds = 7;
constexpr int64_t kLarge = int64_t{64} << 20;   // bytes: in no cache
constexpr int64_t kSmall = int64_t{256} << 10;  // in every L2
constexpr int64_t kLibmNumel = int64_t{1} << 20;
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

// Measured before each case of a round, on the case's memory and threads; the best counts.
class StoreCeilings {
 public:
  double sample(const Tensor& y, int threads) {
    double& best = best_[{y.nbytes(), threads}];
    char* const to = static_cast<char*>(static_cast<void*>(y.mutable_data<float>()));
    for (const Stream stream : store_streams()) {
      const double calls =
          calls_per_second([&] { run_stream(stream, Threads::kAll, to, nullptr, y.nbytes()); });
      best = std::max(best, calls * static_cast<double>(y.nbytes()));
    }
    return best;
  }

 private:
  std::map<std::pair<int64_t, int>, double> best_;
};

// One case: the same memory is seen in the case's dtype and shape.
struct Case {
  const Initializer* initializer;
  DType dtype;
  int64_t bytes;
  int threads;
  const char* box;                  // empty where the tensor is the whole
  std::vector<int64_t> of_columns;  // {index, count}; empty where it is not a part of the columns
};

std::vector<Case> cases(int all_threads) {
  std::vector<Case> result;
  for (const Initializer& each : initializers()) {
    for (const DType dtype : each.dtypes) {
      result.push_back({&each, dtype, kSmall, 1, "", {}});
      for (const int threads : std::set<int>{1, all_threads}) {
        result.push_back({&each, dtype, kLarge, threads, "", {}});
      }
    }
    if (each.libm == libm_normal) {
      result.push_back({&each, DType::kF32, kLarge, 1, ", columns 1/4", {1, 4}});
      result.push_back({&each, DType::kF32, kLarge, 1, ", columns 3/256", {3, 256}});
    }
  }
  return result;
}

std::string size_of(int64_t bytes) {
  return bytes >= (1 << 20) ? absl::StrCat(bytes >> 20, " MiB") : absl::StrCat(bytes >> 10, " KiB");
}

std::function<void()> call_of(const Case& each, const Tensor& tensor, const Shard& shard) {
  const Shard* const part = each.of_columns.empty() ? nullptr : &shard;
  return [&each, tensor, part] { each.initializer->fill(tensor, part); };
}

// Of a box of a tensor that has as many columns as a model's width; the box has that many bytes.
Shard shard_of(const Case& each) {
  const int64_t numel = each.bytes / static_cast<int64_t>(item_size(each.dtype));
  if (each.of_columns.empty()) return whole_of({numel});
  constexpr int64_t kColumns = 4096;
  const int64_t columns = kColumns / each.of_columns[1];
  return chunk({numel / columns, kColumns}, 1, each.of_columns[0], each.of_columns[1]);
}

}  // namespace

std::vector<Rate> measure_initializers(Progress& progress) {
  const int all_threads = num_threads();
  const std::vector<Case> all = cases(all_threads);
  progress.start(static_cast<int>(all.size()), isatty(STDERR_FILENO) == 1);
  std::vector<Rate> rates;
  StoreCeilings ceilings;
  std::map<LibmLoop, double> libm;
  std::vector<float> for_libm(static_cast<size_t>(kLibmNumel), 1.0f);
  for (const Case& each : all) {
    const Shard shard = shard_of(each);
    const Tensor tensor = empty(shard.shape, {.dtype = each.dtype});
    const Tensor bytes = empty({each.bytes / 4});
    fill_(bytes, 0);
    Rate rate = {.initializer = each.initializer->name,
                 .dtype = std::string(to_string(each.dtype)),
                 .where = absl::StrCat(size_of(each.bytes), each.box),
                 .threads = each.threads,
                 .bytes = static_cast<double>(each.bytes)};
    progress.at(absl::StrCat(rate.initializer, "/", rate.dtype, "/", rate.where));
    set_num_threads(each.threads);
    const std::function<void()> call = call_of(each, tensor, shard);
    call();
    for (int round = 0; round < kRounds; ++round) {
      rate.ceiling = ceilings.sample(bytes, each.threads);
      rate.rate = std::max(rate.rate, calls_per_second(call) * rate.bytes);
      if (each.initializer->libm == nullptr) continue;
      double& best = libm[each.initializer->libm];
      if (round > 0 && best > 0) continue;
      best = std::max(best, calls_per_second([&] {
                              each.initializer->libm(for_libm.data(), kLibmNumel);
                            }) * static_cast<double>(kLibmNumel));
    }
    rate.elements_of_libm = libm[each.initializer->libm];
    rates.push_back(std::move(rate));
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
                          each.dtype, each.where, each.threads, each.rate * 1e-9,
                          each.ceiling * 1e-9, 100 * each.rate / each.ceiling);
    if (each.elements_of_libm > 0) {
      const double item = each.dtype == "f32" ? 4 : 2;
      absl::StrAppendFormat(&table, " %7.1f", each.rate / item / each.elements_of_libm);
    }
    table += '\n';
  }
  return table;
}

std::string to_json(absl::Span<const std::pair<std::string, std::string>> context,
                    absl::Span<const Rate> rates) {
  std::string json = "{\n";
  for (const auto& [name, value] : context) {
    absl::StrAppendFormat(&json, "  \"%s\": \"%s\",\n", name, value);
  }
  absl::StrAppend(
      &json, "  \"rates\": [\n",
      absl::StrJoin(rates, ",\n",
                    [](std::string* out, const Rate& each) {
                      absl::StrAppendFormat(
                          out,
                          "    {\"initializer\": \"%s\", \"dtype\": \"%s\", \"tensor\": \"%s\", "
                          "\"threads\": %d, \"bytes_per_second\": %.0f, "
                          "\"ceiling_bytes_per_second\": %.0f, "
                          "\"libm_elements_per_second\": %.0f}",
                          each.initializer, each.dtype, each.where, each.threads, each.rate,
                          each.ceiling, each.elements_of_libm);
                    }),
      "\n  ]\n}\n");
  return json;
}

}  // namespace hollow::benchmarks
