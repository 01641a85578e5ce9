// Which instruction set (isa.h) the CPU kernels use.
#ifndef HOLLOW_KERNELS_CPU_CHOOSE_ISA_H_
#define HOLLOW_KERNELS_CPU_CHOOSE_ISA_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "kernels/cpu/isa.h"

namespace hollow::kernels {

// "portable", "avx2", "avx512".
absl::string_view to_string(Isa isa);

// What this machine and build can run, the slowest first.
const std::vector<Isa>& available_isas();

// What kernels use: what set_isa said last, else HOLLOW_ISA, else the best there is. Throws
// Failure(kConfiguration) where the variable names none that is available.
Isa isa();

// Takes effect at the next kernel. Throws Failure(kConfiguration) for one that is not available.
void set_isa(Isa isa);

}  // namespace hollow::kernels

#endif  // HOLLOW_KERNELS_CPU_CHOOSE_ISA_H_
