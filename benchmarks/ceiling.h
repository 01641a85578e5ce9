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

#include "tensor/tensor.h"

namespace hollow::benchmarks {

enum class Pattern {
  kCopy,    // reads x, writes y
  kUpdate,  // reads and writes x
};

class Ceilings {
 public:
  // Takes some milliseconds of samples, and returns the best rate so far of that pattern for so
  // many bytes on that device, in bytes a second, what is read and what is written both counted. x
  // and y are of one size and contiguous, and x has values; y gets them, or any.
  double sample(Pattern pattern, const Tensor& y, const Tensor& x);

 private:
  std::map<std::string, double> best_;
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_CEILING_H_
