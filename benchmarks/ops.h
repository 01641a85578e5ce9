// What is measured: a table with one row for each op of layer_scale. A new op is a row here, and a
// name that the peers who have it too may list.
#ifndef HOLLOW_BENCHMARKS_OPS_H_
#define HOLLOW_BENCHMARKS_OPS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "benchmarks/ceiling.h"
#include "benchmarks/operands.h"
#include "tensor/tensor.h"

namespace hollow::benchmarks {

struct Op {
  const char* name;
  Pattern pattern;  // of its ceiling
  // Each input read once, each output written once.
  int64_t (*useful_bytes)(const Operands&);
  void (*run)(Operands&);
  // What a run has written, of which a peer's run must write the same.
  std::vector<Tensor> (*results)(const Operands&);
  int64_t rows_of = 1;  // a shape must have a multiple of so many rows
};

absl::Span<const Op> ops();

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_OPS_H_
