// What the machine can do at best with so many bytes: the fastest loop without arithmetic, by the
// same pattern of reads and writes, on the same memory, in the same run, with as many threads as
// the kernels may use, or with one where it takes longer to wake the others.
//
// A ceiling is the best of all its samples, like a bandwidth in STREAM: what else the machine was
// doing can only make a sample slower.
#ifndef HOLLOW_BENCHMARKS_CEILING_H_
#define HOLLOW_BENCHMARKS_CEILING_H_

#include <map>
#include <string>

#include "benchmarks/operands.h"

namespace hollow::benchmarks {

enum class Pattern {
  kCopy,         // reads x, writes y
  kUpdate,       // reads and writes x
  kMerge,        // reads x and the residual, writes y
  kMergeUpdate,  // reads x, reads and writes the residual
};

class Ceilings {
 public:
  // Takes some milliseconds of samples, and returns the best rate so far of that pattern on tensors
  // of that size and device, which are contiguous and begin at a line, in bytes a second, what is
  // read and what is written both counted. y and, on CUDA, the residual get any values.
  double sample(Pattern pattern, const Operands& operands);

  // The best so far, and a sample where there is none.
  double known(Pattern pattern, const Operands& operands);

 private:
  std::map<std::string, double> best_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CEILING_H_
