// How much longer one piece of code takes than another, to a fraction of a nanosecond.
//
//   const Paired paired = time_pairs(with_checks, without_checks);
//   paired.difference.median;                                 // ns a call
//   time_pairs(with_checks, with_checks).difference;          // the null test: straddles 0
//
// What a machine does to a timing (its clock, its neighbours) lasts longer than a short batch of
// calls. So two batches, one of each variant, are run back to back in an order drawn by lot, and
// what counts is their difference; the median of many differences forgets the batches that were
// interrupted. Where code happens to lie can be worth as much as what it does: a variant is the
// same code compiled several times, and each batch draws one of the copies.
#ifndef HOLLOW_BENCHMARKS_PAIRED_H_
#define HOLLOW_BENCHMARKS_PAIRED_H_

#include <functional>
#include <vector>

namespace hollow::benchmarks {

struct Quartiles {
  double low = 0.0;
  double median = 0.0;
  double high = 0.0;
};

// Between two samples where a quartile is between them; not of an empty list.
Quartiles quartiles(std::vector<double> samples);
// Of what is counted and not sampled.
inline Quartiles exactly(double value) { return {value, value, value}; }

// The copies of one piece of code; not none.
using Variant = std::vector<std::function<void()>>;

struct PairedOptions {
  int batches = 1000;  // of each variant
  int calls = 2000;    // of a batch
};

// All in ns a call.
struct Paired {
  Quartiles first;
  Quartiles second;
  Quartiles difference;  // of the pairs: first less second
};

Paired time_pairs(const Variant& first, const Variant& second, const PairedOptions& options = {});
// One variant alone.
Quartiles time_batches(const Variant& variant, const PairedOptions& options = {});

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_PAIRED_H_
