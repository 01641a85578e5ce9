// Which instruction set the CPU kernels use. What differs between them is speed: no result does.
//
// One source for each set, compiled for it alone (lanes_*.h, random_*.cc), so that a binary runs
// everywhere and asks once, at run time, what it may use.
#ifndef HOLLOW_KERNELS_CPU_ISA_H_
#define HOLLOW_KERNELS_CPU_ISA_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace hollow::kernels {

enum class Isa {
  kPortable,  // what every machine of the architecture has
  kAvx2,      // with FMA and F16C
  kAvx512,    // F, BW, DQ and VL
};

// "portable", "avx2", "avx512".
absl::string_view to_string(Isa isa);

// What this machine and build can run, the slowest first.
const std::vector<Isa>& available_isas();

// What kernels use: what set_isa said last, else HOLLOW_ISA, else the best there is. Throws
// Failure(kConfiguration) where the variable names none that is available.
Isa isa();

// Takes effect at the next kernel. Throws Failure(kConfiguration) for one that is not available.
void set_isa(Isa isa);

// Calls function.operator()<kIsa>() for that one.
template <typename Function>
void visit_isa(Isa isa, Function&& function) {
  switch (isa) {
#ifdef __x86_64__
    case Isa::kAvx512:
      return function.template operator()<Isa::kAvx512>();
    case Isa::kAvx2:
      return function.template operator()<Isa::kAvx2>();
#else
    case Isa::kAvx512:
    case Isa::kAvx2:
#endif
    case Isa::kPortable:
      return function.template operator()<Isa::kPortable>();
  }
}

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_ISA_H_
