// What the cases of one run share.
#ifndef HOLLOW_BENCHMARKS_SESSION_H_
#define HOLLOW_BENCHMARKS_SESSION_H_

#include <vector>

#include "benchmarks/ceiling.h"
#include "benchmarks/operands.h"
#include "benchmarks/peers/peer.h"
#include "benchmarks/progress.h"

namespace hollow::benchmarks {

struct Session {
  Progress progress;
  Workspace workspace;
  Ceilings ceilings;
  std::vector<Peer> peers;
  int failures = 0;  // of cases, each of which has said why
};

}  // namespace hollow::benchmarks

#endif  // HOLLOW_BENCHMARKS_SESSION_H_
