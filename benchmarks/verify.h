// Whether a peer does what we do.
#ifndef HOLLOW_BENCHMARKS_VERIFY_H_
#define HOLLOW_BENCHMARKS_VERIFY_H_

#include "benchmarks/operands.h"
#include "benchmarks/ops.h"
#include "benchmarks/peers/peer.h"

namespace hollow::benchmarks {

// Where the operands are, for a peer. They are on the CPU, and written.
Buffers buffers(const Operands& operands);

// Runs both on the same values and compares what they wrote: of small tensors all of it, of larger
// ones rows from everywhere. Throws std::runtime_error, which says where they differ, by more than
// rounding to the dtype can explain. Leaves x, the residual and y as they are at first.
void verify(const Op& op, const PeerOp& peer, Operands operands);

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_VERIFY_H_
