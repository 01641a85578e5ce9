// The instruction sets that CPU kernels are compiled for. What differs between them is speed; of a
// result at most the digits of a NaN do.
//
// One source for each set, compiled for it alone (lanes_*.h, *_avx2.cc, *_avx512.cc), so that a
// binary runs everywhere; kernels/cpu/choose_isa.h asks once, at run time, what it may use. Such
// sources include this header, which therefore includes nothing.
#ifndef HOLLOW_KERNELS_CPU_ISA_H_
#define HOLLOW_KERNELS_CPU_ISA_H_

namespace hollow::kernels {

enum class Isa {
  kPortable,  // what every machine of the architecture has
  kAvx2,      // with FMA and F16C
  kAvx512,    // F, BW, DQ and VL
};

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
